#pragma once
// Objects that are right, and tables of what changes make them wrong.

#include <reeve/core/validate.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

namespace reeve {

using Messages = std::vector<std::string>;

inline ProbeSpec exec_probe() {
  ProbeSpec probe;
  probe.exec = ExecAction{{"true"}};
  return probe;
}

inline PodObject good_pod() {
  PodObject pod;
  pod.metadata.name = "web";
  ContainerSpec& container = pod.spec.containers.emplace_back();
  container.name = "main";
  container.command = {"/usr/bin/web"};
  return pod;
}

inline DeploymentObject good_deployment() {
  DeploymentObject deployment;
  deployment.metadata.name = "web";
  deployment.spec.selector.match_labels = {{"app", "web"}};
  deployment.spec.pod_template.metadata.labels = {{"app", "web"}, {"tier", "front"}};
  deployment.spec.pod_template.spec = good_pod().spec;
  return deployment;
}

inline ServiceObject good_service() {
  ServiceObject service;
  service.metadata.name = "web";
  service.spec.selector = {{"app", "web"}};
  service.spec.ports.emplace_back().port = 80;
  return service;
}

inline Messages messages_of(Object object) {
  apply_defaults(object);
  Messages messages;
  for (const FieldError& error : validate(object)) messages.push_back(error.message());
  return messages;
}

template <class T>
struct Case {
  std::string name;
  std::function<void(T&)> change;
  Messages messages;
};

template <class T>
void check_all(const T& good, const std::vector<Case<T>>& cases) {
  for (const Case<T>& each : cases) {
    BOOST_TEST_CONTEXT(each.name) {
      T object = good;
      each.change(object);
      const Messages found = messages_of(object);
      BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), each.messages.begin(), each.messages.end());
    }
  }
}

}  // namespace reeve
