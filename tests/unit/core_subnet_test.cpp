// The networks that addresses of services and pods are taken from.
#include <reeve/core/validate.hpp>
#include <support/script.hpp>
#include <unit/config_helpers.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve {
namespace {

std::string fault_of(const std::string& service, const std::string& pod) {
  SupervisorSettings settings;
  settings.service_subnet = service;
  settings.pod_subnet = pod;
  std::string text;
  for (const FieldError& each : validate(settings)) text += each.message() + '\n';
  return text;
}

BOOST_AUTO_TEST_SUITE(core_subnet)

BOOST_AUTO_TEST_CASE(is_one_of_the_loopback_network_that_nobody_else_uses) {
  const std::string rule = ": must be \"127.N.0.0/16\" with N from 1 to 255\n";
  BOOST_TEST(fault_of("127.1.0.0/16", "127.255.0.0/16") == "");
  BOOST_TEST(fault_of("127.0.0.0/16", "127.78.0.0/16") == "serviceSubnet: Invalid value: \"127.0.0.0/16\"" + rule);
  BOOST_TEST(fault_of("127.77.0.0/16", "10.0.0.0/16") == "podSubnet: Invalid value: \"10.0.0.0/16\"" + rule);
  BOOST_TEST(fault_of("127.77.0.0/16", "127.78.0.0/24") == "podSubnet: Invalid value: \"127.78.0.0/24\"" + rule);
  BOOST_TEST(fault_of("127.77.0.0/16", "127.077.0.0/16") == "podSubnet: Invalid value: \"127.077.0.0/16\"" + rule);
  BOOST_TEST(fault_of("127.9.0.0/16", "127.9.0.0/16") ==
             "podSubnet: Invalid value: \"127.9.0.0/16\": must not be the serviceSubnet\n");
}

ServiceObject service() {
  ServiceObject object;
  object.metadata.name = "web";
  object.spec.selector["app"] = "web";
  object.spec.ports.emplace_back().port = 80;
  return object;
}

const Service& find_service(const Supervisor& supervisor) { return *supervisor.services().begin()->second; }

BOOST_AUTO_TEST_CASE(what_was_kept_of_another_one_is_given_anew) {
  Supervisor first(SupervisorOptions{});
  first.step({}, ObjectApplied{service()});
  BOOST_TEST(find_service(first).given().cluster_ip.starts_with("127.77."));
  Supervisor second({.service_network = "127.79"});
  second.restore({}, first.save());
  BOOST_TEST(find_service(second).given().cluster_ip.starts_with("127.79."));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_written_must_be_in_it) {
  const std::string text = "[supervisor]\nserviceSubnet = \"127.79.0.0/16\"\n[service.web]\nport = 80\nclusterIP = ";
  BOOST_TEST(config::first_message(config::parse_one(text + "\"127.79.1.1\"\n[service.web.selector]\napp = \"web\"\n",
                                                     config::Format::toml)) == "");
  BOOST_TEST(config::first_message(config::parse_one(text + "\"127.77.1.1\"\n[service.web.selector]\napp = \"web\"\n",
                                                     config::Format::toml)) ==
             "f:5:13: service \"web\": clusterIP \"127.77.1.1\" is not in the serviceSubnet 127.79.0.0/16");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve
