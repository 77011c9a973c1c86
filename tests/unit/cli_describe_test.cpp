// describe, status and why from fixtures, character for character.
#include <cli/causes.hpp>
#include <cli/describe.hpp>
#include <cli/overview.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve::cli;
namespace json = boost::json;

namespace {

const Time at = *parse_time("2026-01-02T03:10:00Z");

json::value crashing_pod() {
  return json::parse(R"json({"kind": "Pod", "metadata": {"name": "healthcheck", "namespace": "default",
      "creationTimestamp": "2026-01-02T03:08:50Z", "labels": {"test": "healthcheck"}},
    "spec": {"nodeName": "host", "restartPolicy": "OnFailure", "containers": [{"name": "healthcheck",
      "image": "busybox", "args": ["/bin/sh", "-c", "sleep 10; exit 1"]}]},
    "status": {"phase": "Running", "hostIP": "127.0.0.1", "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}],
      "startTime": "2026-01-02T03:08:50Z", "qosClass": "BestEffort",
      "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady",
        "message": "containers with unready status: [healthcheck]", "lastTransitionTime": "2026-01-02T03:09:48Z"},
        {"type": "PodScheduled", "status": "True"}],
      "containerStatuses": [{"name": "healthcheck", "image": "busybox", "imageID": "", "ready": false,
        "started": false, "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-01-02T03:09:38Z",
          "finishedAt": "2026-01-02T03:09:48Z"}},
        "reeve": {"retryAt": "2026-01-02T03:10:17.2Z",
          "lastExit": {"userSeconds": 0.25, "systemSeconds": 0.01, "maxResidentBytes": 1048576}}}]}})json");
}

json::value backoff_event() {
  return json::parse(R"json({"type": "Warning", "reason": "BackOff", "count": 3, "source": {"component": "kubelet"},
    "involvedObject": {"kind": "Pod", "name": "healthcheck", "namespace": "default",
      "fieldPath": "spec.containers{healthcheck}"},
    "firstTimestamp": "2026-01-02T03:09:47Z", "lastTimestamp": "2026-01-02T03:09:57Z",
    "message": "Back-off restarting failed container healthcheck in pod healthcheck"})json");
}

json::value unready_pod() {
  return json::parse(R"json({"kind": "Pod", "metadata": {"name": "web-1", "namespace": "default",
      "labels": {"app": "web"}},
    "spec": {"restartPolicy": "Always", "containers": [{"name": "web", "readinessProbe": {
      "httpGet": {"path": "/health", "port": 3000, "scheme": "HTTP"}, "periodSeconds": 10, "failureThreshold": 2}}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False",
      "lastTransitionTime": "2026-01-02T03:09:00Z"}],
      "containerStatuses": [{"name": "web", "ready": false, "started": true, "restartCount": 0,
        "state": {"running": {"startedAt": "2026-01-02T03:08:00Z"}}, "reeve": {"pid": 4711}}]}})json");
}

json::value probes() {
  return json::parse(R"json({"probes": [{"container": "web", "type": "Readiness", "passed": false,
    "successesInARow": 0, "failuresInARow": 4, "nextRun": "2026-01-02T03:10:08Z", "inFlight": false,
    "results": [{"time": "2026-01-02T03:09:58Z", "result": "failure", "latencySeconds": 0.0012,
      "text": "HTTP probe failed with statuscode: 503"}]}]})json");
}

json::value ready_pod() {
  return json::parse(R"json({"kind": "Pod", "metadata": {"name": "web-2", "namespace": "default",
      "labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True",
      "lastTransitionTime": "2026-01-02T03:00:00Z"}],
      "containerStatuses": [{"name": "web", "ready": true, "restartCount": 0,
        "state": {"running": {"startedAt": "2026-01-02T03:00:00Z"}}, "reeve": {"pid": 4712}}]}})json");
}

Facts facts() {
  Facts all;
  all.now = at;
  all.reeve = json::parse(R"json({"version": "0.1.0", "pid": 1, "startTime": "2026-01-02T02:00:00Z"})json");
  all.pods = {unready_pod(), ready_pod(), crashing_pod()};
  all.events = {backoff_event()};
  all.deployments.push_back(json::parse(R"json({"metadata": {"name": "web", "namespace": "default",
    "creationTimestamp": "2026-01-02T03:00:00Z"}, "spec": {"replicas": 2,
    "selector": {"matchLabels": {"app": "web"}}}, "status": {"readyReplicas": 1}})json"));
  all.services.push_back(json::parse(R"json({"metadata": {"name": "web", "namespace": "default"},
    "spec": {"clusterIP": "127.77.0.9", "ports": [{"port": 80}], "selector": {"app": "web"}}})json"));
  all.endpoints.push_back(json::parse(R"json({"metadata": {"name": "web", "namespace": "default"},
    "subsets": [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": 3000}]}]})json"));
  all.metrics.push_back(json::parse(R"json({"metadata": {"name": "web-2", "namespace": "default"},
    "containers": [{"name": "web", "pids": [4712, 4713, 4714], "memoryBytes": 3145728}]})json"));
  all.probes["web-1"] = probes();
  all.logs["healthcheck/healthcheck"] = {"starting", "no database"};
  return all;
}

constexpr const char* unready_chain =
    "    container web runs for 2m and is not ready\n"
    "      its readiness probe does not succeed: http-get http://:3000/health delay=0s timeout=1s period=10s "
    "#success=1 "
    "#failure=2\n"
    "        4 failures in a row, the last 2s ago after 1.2ms: HTTP probe failed with statuscode: 503; the next run is "
    "in 8s\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_describe)

BOOST_AUTO_TEST_CASE(a_probe_is_one_line) {
  BOOST_TEST(probe_line(json::parse(
                 R"({"httpGet": {"path": "/health", "port": 3000, "scheme": "HTTP"}, "initialDelaySeconds": 10,
                     "timeoutSeconds": 5, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 2})")) ==
             "http-get http://:3000/health delay=10s timeout=5s period=10s #success=1 #failure=2");
  BOOST_TEST(probe_line(json::parse(R"({"exec": {"command": ["cat", "/tmp/health"]}, "initialDelaySeconds": 10})")) ==
             "exec [cat /tmp/health] delay=10s timeout=1s period=10s #success=1 #failure=3");
  BOOST_TEST(probe_line(json::parse(R"({"tcpSocket": {"port": 8080}, "periodSeconds": 0.25})")) ==
             "tcp-socket :8080 delay=0s timeout=1s period=0.25s #success=1 #failure=3");
  BOOST_TEST(probe_line(json::parse(R"({"httpGet": {"path": "/a?b=c", "port": "http", "host": "h"}})")) ==
             "http-get http://h:http/a%3Fb=c delay=0s timeout=1s period=10s #success=1 #failure=3");
  const json::value told = json::parse(R"({"notify": {}, "periodSeconds": 0.5, "failureThreshold": 5})");
  BOOST_TEST(probe_line(told, "Readiness") == "notify READY=1 on NOTIFY_SOCKET");
  BOOST_TEST(probe_line(told, "Startup") == "notify READY=1 on NOTIFY_SOCKET within 2.5s of the start");
  BOOST_TEST(probe_line(told, "Liveness") == "notify WATCHDOG=1 at least every 2.5s on NOTIFY_SOCKET");
  BOOST_TEST(probe_line(json::parse(R"({"notify": {}})"), "Liveness") ==
             "notify WATCHDOG=1 at least every 30s on NOTIFY_SOCKET");
}

BOOST_AUTO_TEST_CASE(a_crash_looping_pod) {
  Described what;
  what.object = crashing_pod();
  what.events = {backoff_event()};
  what.now = at;
  BOOST_TEST(describe_pod(what) ==
             "Name:         healthcheck\n"
             "Namespace:    default\n"
             "Node:         host/127.0.0.1\n"
             "Start Time:   Fri, 02 Jan 2026 03:08:50 +0000\n"
             "Labels:       test=healthcheck\n"
             "Annotations:  <none>\n"
             "Status:       Running\n"
             "IP:           127.0.0.1\n"
             "IPs:\n"
             "  IP:  127.0.0.1\n"
             "Containers:\n"
             "  healthcheck:\n"
             "    Container ID:  \n"
             "    Image:         busybox\n"
             "    Image ID:      \n"
             "    Port:          <none>\n"
             "    Host Port:     <none>\n"
             "    Args:\n"
             "      /bin/sh\n"
             "      -c\n"
             "      sleep 10; exit 1\n"
             "    State:          Waiting\n"
             "      Reason:       CrashLoopBackOff\n"
             "    Last State:     Terminated\n"
             "      Reason:       Error\n"
             "      Exit Code:    1\n"
             "      Started:      Fri, 02 Jan 2026 03:09:38 +0000\n"
             "      Finished:     Fri, 02 Jan 2026 03:09:48 +0000\n"
             "    Ready:          False\n"
             "    Restart Count:  3\n"
             "    Environment:    <none>\n"
             "    Mounts:         <none>\n"
             "Conditions:\n"
             "  Type           Status\n"
             "  Ready          False \n"
             "  PodScheduled   True \n"
             "Volumes:         <none>\n"
             "QoS Class:       BestEffort\n"
             "Node-Selectors:  <none>\n"
             "Tolerations:     <none>\n"
             "Events:\n"
             "  Type     Reason   Age               From     Message\n"
             "  ----     ------   ----              ----     -------\n"
             "  Warning  BackOff  3s (x3 over 13s)  kubelet  spec.containers{healthcheck}: Back-off restarting failed "
             "container healthcheck in pod healthcheck\n"
             "Last Run Used:\n"
             "  healthcheck:  0.25s user, 0.01s system, 1.0Mi resident at most\n");
}

BOOST_AUTO_TEST_CASE(why_follows_the_chain) {
  const Facts all = facts();
  BOOST_TEST(render(why_pod(all, all.pods[2])) ==
             "pod/healthcheck is not ready for 12s: CrashLoopBackOff\n"
             "  container healthcheck waits: CrashLoopBackOff (3 restarts so far); its next start is in 18s\n"
             "    it exited with code 1 after 10s, 12s ago\n"
             "      its last lines:\n"
             "        | starting\n"
             "        | no database\n");
  BOOST_TEST(render(why_pod(all, all.pods[1])) == "pod/web-2 is ready for 10m\n");
  BOOST_TEST(render(why_deployment(all, all.deployments[0])) ==
             std::string("deployment.apps/web: 1 of 2 ready\n  pod/web-1 is not ready for 60s: Running\n") +
                 unready_chain);
  BOOST_TEST(
      render(why_service(all, all.services[0])).starts_with("service/web: 1 ready endpoint\n  pod/web-1 is not"));
}

BOOST_AUTO_TEST_CASE(status_is_one_screen) {
  const Facts all = facts();
  BOOST_TEST(overview(all, Colours::no) ==
             std::string("reeve 0.1.0, pid 1, up 70m: 1 of 3 pods are fine\n\n"
                         "● deployment.apps/web  1/2 ready, created 10m ago\n"
                         "  ● pod/web-1  Running, not ready for 60s, pid 4711\n  ") +
                 std::string(unready_chain)
                     .replace(0, 4, "    ")
                     .insert(std::string(unready_chain).find("\n") + 1, "  ")
                     .insert(std::string(unready_chain).find("        4 fail") + 2, "  ") +
                 "  ● pod/web-2  Running, ready for 10m, pid 4712 and 2 more, 3.0Mi\n\n"
                 "● pod/healthcheck  CrashLoopBackOff, not ready for 12s, 3 restarts (12s ago)\n"
                 "    container healthcheck waits: CrashLoopBackOff (3 restarts so far); its next start is in 18s\n"
                 "      it exited with code 1 after 10s, 12s ago\n"
                 "        its last lines:\n"
                 "          | starting\n"
                 "          | no database\n\n"
                 "● service/web  127.77.0.9:80 1 ready endpoint\n");
  BOOST_TEST(!all_is_well(all));
  BOOST_TEST(overview(all, Colours::yes).find("\x1b[31m●\x1b[0m pod/healthcheck") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pod_s_word_is_kubectl_s) {
  BOOST_TEST(pod_word(crashing_pod()) == "CrashLoopBackOff");
  BOOST_TEST(pod_word(unready_pod()) == "Running");
  json::value leaving = ready_pod();
  leaving.at("metadata").as_object()["deletionTimestamp"] = "2026-01-02T03:10:30Z";
  BOOST_TEST(pod_word(leaving) == "Terminating");
  BOOST_TEST(pod_word(json::parse(R"({"status": {"phase": "Pending", "initContainerStatuses": [
      {"name": "a", "state": {"terminated": {"exitCode": 0}}}, {"name": "b", "state": {"running": {}}}]}})")) ==
             "Init:1/2");
}

BOOST_AUTO_TEST_SUITE_END()
