// Pods with a network of their own, and what runs beside a container in a root directory.

#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

using namespace reeve::test;

BOOST_AUTO_TEST_SUITE(sandbox)

// Each answers its own probes on the port that all of them have.
BOOST_AUTO_TEST_CASE(isolated_pods_listen_on_one_port_and_are_probed_there) {
  check_as_both([](RunSettings settings) {
    const Scratch scratch;
    const std::string port = std::to_string(free_port());
    std::string text;
    for (const std::string name : {"a", "b", "c"}) {
      text += pod(scratch, name, {"--host-name", "--log-header", "User-Agent", "--http", port},
                  "network = \"isolated\"\n") +
              "[pod." + name + ".readinessProbe]\nperiodSeconds = 0.2\nhttpGet = { path = \"/health\", port = " + port +
              " }\n[pod." + name + ".livenessProbe]\nperiodSeconds = 0.2\nexec = { command = [" +
              quoted(scratch.behave()) + ", \"--connect\", \"127.0.0.1\", " + quoted(port) + "] }\n";
    }
    Reeve reeve({"run", "-f", scratch.write("isolated.toml", text)}, settings);
    for (const std::string name : {"a", "b", "c"}) {
      const std::string says = "[" + name + "/" + name + "] ";
      BOOST_TEST(reeve.prints(says + name + "\n"), reeve.output());
      BOOST_TEST(reeve.prints(says + "GET /health User-Agent: "), reeve.output());
    }
    BOOST_TEST((try_connect(std::stoi(port)) == Connected::refused));
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
    BOOST_TEST(nothing_left(scratch));
  });
}

BOOST_AUTO_TEST_CASE(a_probe_beside_a_container_finds_its_root_directory) {
  check_as_both([](RunSettings settings) {
    const Scratch scratch;
    const std::string root = scratch.file("root");
    for (const char* each : {"bin", "tmp", "proc", "dev", "srv"})
      std::filesystem::create_directories(root + "/" + each);
    std::filesystem::copy(scratch.behave(), root + "/bin/behave");
    const std::string text =
        "[images]\nsmall = " + quoted(root) +
        "\n[pod.web]\nimage = \"small\"\ncommand = [\"behave\", \"--hang\"]\nworkingDir = \"/srv\"\n" +
        "[pod.web.readinessProbe]\nperiodSeconds = 0.2\nexec = { command = [\"behave\", " +
        "\"--working-directory\", \"--list\", \"/\", \"--exit\", \"1\"] }\n";
    Reeve reeve({"run", "-f", scratch.write("small.toml", text)}, settings);
    BOOST_TEST(reeve.prints("Readiness probe failed: /srv\n"), reeve.output());
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
  });
}

BOOST_AUTO_TEST_SUITE_END()
