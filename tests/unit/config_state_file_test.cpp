// The state file: what is written reads back equal, and what cannot be begun with is refused with its place.
#include <reeve/config/load.hpp>
#include <reeve/config/state_file.hpp>
#include <reeve/core/hash.hpp>
#include <reeve/core/supervisor.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

namespace {

constexpr Duration offset = seconds(1'790'000'000);
constexpr const char* manifest = R"(
[pod.job]
restartPolicy = "OnFailure"
args = ["/bin/sh", "-c", "echo \"ünïcode\"\t$(HOME); exit 1"]
network = "isolated"
terminationGracePeriodSeconds = 2.5
restartBackoff = { initialSeconds = 0.25, factor = 1.5, maxSeconds = 3, resetSeconds = 60 }
links = ["web"]
[pod.job.env]
TZ = "UTC"

[deployment.api]
replicas = 3
strategy.rollingUpdate = { maxSurge = "25%", maxUnavailable = 0 }
progressDeadlineSeconds = 60
autoRollback = true
[deployment.api.containers.main]
command = ["/usr/bin/api"]
image = "you/api:1"
ports = [{ name = "http", containerPort = 3000 }]
[deployment.api.containers.main.readinessProbe]
httpGet = { path = "/health", port = "http", httpHeaders = { X-Probe = "readiness" } }
periodSeconds = 0.125
[[deployment.api.initContainers]]
name = "setup"
command = ["/bin/true"]
restartPolicy = "Always"

[deployment.batch]
replicas = 0
paused = true
strategy.type = "Recreate"
command = ["/usr/bin/batch"]

[service.web]
type = "NodePort"
port = 80
targetPort = "http"
listen = ["unix:/run/web.sock"]
sessionAffinity = "ClientIP"
deployment = "api"

[service.far]
port = 443
endpoints = ["192.0.2.1:443"]
clusterIP = "127.77.1.1"

[images]
"*" = "/"
)";

config::StateFile example() {
  const config::Source source{"a.toml", manifest, config::Format::toml};
  const auto loaded = config::parse(std::span(&source, 1));
  BOOST_REQUIRE(loaded.has_value());
  Supervisor supervisor(SupervisorOptions{});
  Instant now{seconds(1000)};
  config::StateFile file;
  for (const auto& each : loaded->objects) {
    file.written[ref_of(each.object)] = object_hash(each.object);
    supervisor.step(now, ObjectApplied{each.object});
    now += milliseconds(1);
    const auto* deployment = std::get_if<DeploymentObject>(&each.object);
    if (deployment == nullptr) continue;
    DeploymentObject next = *deployment;
    next.metadata.annotations["kubernetes.io/change-cause"] = "\"quoted\"\nand more";
    next.spec.pod_template.spec.containers[0].args = {"two"};
    supervisor.step(now, ObjectApplied{next});
  }
  file.state = supervisor.save();
  BOOST_REQUIRE(file.state.deployments[0].replica_sets.size() == 2u);
  return file;
}

// What the reader says of a text, or nothing: it is fine.
std::string fault_of(const std::string& text) {
  const auto read = config::read_state(text, offset, Instant{seconds(5000)});
  return read ? std::string() : read.error().text;
}

std::string with(std::string text, const std::string& part, const std::string& other) {
  const std::size_t at = text.find(part);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, part);
  return text.replace(at, part.size(), other);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_file)

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_equal) {
  const config::StateFile file = example();
  const std::string text = config::write_state(file, offset);
  BOOST_TEST(text.starts_with(R"({"kind":"ReeveState","version":1,)"));
  const auto read = config::read_state(text, offset, Instant{seconds(5000)});
  BOOST_REQUIRE_MESSAGE(read.has_value(), fault_of(text));
  BOOST_TEST((*read == file));
  BOOST_TEST(config::write_state(*read, offset) == text);
  const auto empty = config::read_state(config::write_state({}, offset), offset, {});
  BOOST_TEST((empty.has_value() && *empty == config::StateFile{}));
}

BOOST_AUTO_TEST_CASE(what_was_created_keeps_its_age_on_another_time_line) {
  const config::StateFile file = example();
  const std::string text = config::write_state(file, offset);
  const auto later = config::read_state(text, offset + seconds(900), Instant{seconds(200)});
  BOOST_REQUIRE(later.has_value());
  BOOST_TEST((later->state.services[0].created == file.state.services[0].created - seconds(900)));
  const auto jumped = config::read_state(text, offset - seconds(900), Instant{seconds(200)});
  BOOST_TEST((jumped->state.services[0].created == Instant{seconds(200)}));  // nothing is younger than now
}

BOOST_AUTO_TEST_CASE(another_version_is_named) {
  const std::string text = config::write_state(example(), offset);
  BOOST_TEST(fault_of(with(text, R"("version":1)", R"("version":2)")) ==
             "version 2 is not known to this reeve, which reads version 1");
  BOOST_TEST(fault_of(R"({"kind":"List","version":1})") == "this is no state of reeve");
  BOOST_TEST(fault_of("[]") != "");
}

BOOST_AUTO_TEST_CASE(a_torn_file_is_refused_wherever_it_is_torn) {
  const std::string text = config::write_state(example(), offset);
  const std::string_view whole = std::string_view(text).substr(0, text.size() - 1);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    BOOST_TEST(!config::read_state(whole.substr(0, length), offset, {}).has_value(), length);
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_begun_with_is_refused) {
  const std::string text = config::write_state(example(), offset);
  BOOST_TEST(fault_of(with(text, R"("address":"127.78.)", R"("address":"10.78.)")) ==
             "address: expected an address of 127.0.0.0/8");
  BOOST_TEST(fault_of(with(text, R"("clusterIP":"127.77.)", R"("clusterIP":"127.77.999.)")) != "");
  BOOST_TEST(fault_of(with(text, R"("nodePorts":[)", R"("nodePorts":[1,)")) == "nodePorts: expected one for each port");
  BOOST_TEST(fault_of(with(text, R"("replicas":3)", R"("replicas":-3)")) != "");
  BOOST_TEST(fault_of(with(text, R"("revision":)", R"("revisoin":)")) == "unknown key \"revisoin\"");
  BOOST_TEST(fault_of(with(text, R"("hash":")", R"("hash":"x)")) == "hash: expected a number");
  BOOST_TEST(fault_of(with(text, R"("/usr/bin/api")", "7")) != "");
  const std::string twice = R"({"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":)"
                            R"([{"name":"m","command":["/x"]}]}},"address":""})";
  const auto pods = [&](const std::string& list) {
    return R"({"kind":"ReeveState","version":1,"written":[],"services":[],"deployments":[],"pods":[)" + list + "]}";
  };
  BOOST_TEST(fault_of(pods(twice)) == "");
  BOOST_TEST(fault_of(pods(twice + "," + twice)) == "pod \"p\": it is there twice");
}

BOOST_AUTO_TEST_SUITE_END()
