// What doctor says about this host and about running pods, to root and to others.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

using namespace reeve::test;

BOOST_AUTO_TEST_SUITE(doctor)

BOOST_AUTO_TEST_CASE(it_examines_the_host_without_any_reeve) {
  for (const uid_t uid : {uid_t{0}, nobody}) {
    Reeve doctor({"doctor", "--socket", "/nowhere/s"}, {.uid = uid});
    BOOST_TEST(doctor.wait().value_or(-1) == 0);
    const std::string said = doctor.output();
    BOOST_TEST(said.starts_with("this host, for uid " + std::to_string(uid) + "\n"), said);
    for (const char* each : {"user", "pid", "mount", "ipc", "uts", "net", "cgroup"})
      BOOST_TEST(doctor.count(std::string("  ok  ") + each + " namespaces") == 1u, said);
    BOOST_TEST(doctor.count("capabilities: ") == 1u);
    BOOST_TEST(doctor.count("  ok  sock_diag\n") == 1u);
    BOOST_TEST(doctor.count("no pods looked at: cannot connect to /nowhere/s") == 1u);
  }
}

BOOST_AUTO_TEST_CASE(what_is_refused_names_who_refuses_it) {
  Reeve doctor({"doctor", "--socket", "/nowhere/s"}, {.uid = nobody, .without_namespaces = true});
  BOOST_TEST(doctor.wait().value_or(-1) == 0);
  for (const char* each : {"user", "pid", "mount", "ipc", "uts"})
    BOOST_TEST(doctor.count(std::string("  no  ") + each +
                            " namespaces: Operation not permitted: a seccomp filter is in force") == 1u);
}

BOOST_AUTO_TEST_CASE(pods_have_what_they_asked_for) {
  for (const uid_t uid : {uid_t{0}, nobody}) {
    const Scratch scratch;
    if (uid != 0) BOOST_REQUIRE(::chown(scratch.path().c_str(), uid, uid) == 0);
    const std::string socket = scratch.file("s");
    Reeve reeve(
        {"run", "-f",
         scratch.write("a.toml", "[supervisor]\nsocket = " + reeve::test::quoted(socket) + "\n" +
                                     pod(scratch, "own", {"--print", "up", "--hang"}, "network = \"isolated\"\n") +
                                     pod(scratch, "none", {"--print", "up", "--hang"}, "isolation = \"none\"\n"))},
        {.uid = uid});
    BOOST_REQUIRE(reeve.prints("[own/own] up\n"));
    BOOST_REQUIRE(reeve.prints("[none/none] up\n"));
    std::string said;
    BOOST_TEST(eventually([&] {
                 Reeve doctor({"doctor", "--socket", socket}, {.uid = uid});
                 const bool is_fine = doctor.wait() == 0;
                 said = doctor.output();
                 return is_fine && said.find("  ok  default/own own (pid ") != std::string::npos &&
                        said.find("  ok  default/none none (pid ") != std::string::npos;
               }),
               said);
    BOOST_TEST(said.find("pid mnt ipc uts net; uid map ") != std::string::npos, said);
    BOOST_TEST(said.find("namespaces none of its own; ") != std::string::npos, said);
    BOOST_TEST(run_to_end({"doctor", "-o", "json", "--socket", socket}).output.find("\"pods\": [") !=
               std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
