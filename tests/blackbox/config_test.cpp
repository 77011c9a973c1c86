// Files, options and reloads, through the binary.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

using namespace reeve::test;

namespace {

const std::string mistaken =
    "[pod.web]\ncommand = \"/bin/true\"\nlivenesProbe = {}\n[pod.web.readinessProbe]\nperiodSeconds = -1\n"
    "tcpSocket = { port = 80 }\n[service.web]\nport = 80\n";

void check_mistakes(const Finished& finished, const std::string& file) {
  BOOST_TEST(finished.code == 2);
  BOOST_TEST(finished.output.find(file + ":2:11: command: expected a list of strings") != std::string::npos);
  BOOST_TEST(finished.output.find(file + ":3:1: unknown key \"livenesProbe\"") != std::string::npos);
  BOOST_TEST(finished.output.find("did you mean \"livenessProbe\"?") != std::string::npos);
  BOOST_TEST(finished.output.find(file + ":5:17: ") != std::string::npos);
  BOOST_TEST(finished.output.find(file + ":7:") != std::string::npos, finished.output);
}

bool says(const Finished& finished, int code, const std::string& text) {
  const bool said = finished.code == code && finished.output.find(text) != std::string::npos;
  if (!said)
    BOOST_TEST_MESSAGE("expected " << code << ", \"" << text << "\"; got " << finished.code << "\n" << finished.output);
  return said;
}

std::string deployment(const Scratch& scratch, int replicas) {
  return "[deployment.many]\nreplicas = " + std::to_string(replicas) + "\n" +
         command_line(scratch, {"--print", "one of many", "--hang"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(configuration)

BOOST_AUTO_TEST_CASE(check_and_run_print_every_mistake_with_its_place) {
  const Scratch scratch;
  const std::string file = scratch.write("web.toml", mistaken + pod(scratch, "fine", {"--hang"}));
  check_mistakes(run_to_end({"check", "-f", file}), file);
  check_mistakes(run_to_end({"run", "-f", file}), file);
  BOOST_TEST(nothing_left(scratch));
  check_mistakes(run_to_end({"check", "-f", "-"}, mistaken), "<stdin>");
}

BOOST_AUTO_TEST_CASE(what_is_right_is_listed) {
  const Scratch scratch;
  const std::string text = pod(scratch, "fine", {"--hang"});
  const std::string file = scratch.write("a.toml", text);
  BOOST_TEST(says(run_to_end({"check", "-f", file}), 0, file + ":1: Pod \"fine\" is fine\n"));
  BOOST_TEST(says(run_to_end({"check", "--file=" + file}), 0, "is fine"));
  BOOST_TEST(says(run_to_end({"check", "-f", "-"}, text), 0, "<stdin>:1: Pod \"fine\" is fine\n"));
  scratch.write("b.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec: {containers: [{name: c, command: "
                "[/bin/true]}]}\n");
  scratch.write("ignored.txt", "what is this?");
  const Finished both = run_to_end({"check", "-f", scratch.path()});
  BOOST_TEST(says(both, 0, "a.toml:1: Pod \"fine\" is fine\n"));
  BOOST_TEST(says(both, 0, "b.yaml:1: Pod \"other\" is fine\n"));
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_are_told) {
  const Scratch scratch;
  const std::string missing = scratch.file("missing.toml");
  for (const std::string command : {"check", "run"}) {
    BOOST_TEST(says(run_to_end({command, "-f", missing}), 2, missing + ": cannot open the file: No such file"));
    BOOST_TEST(says(run_to_end({command, "-f", missing, "-f", "/no/dir/x.toml"}), 2, "/no/dir/x.toml: cannot open"));
  }
  std::filesystem::create_directory(scratch.file("empty"));
  BOOST_TEST(says(run_to_end({"check", "-f", scratch.file("empty")}), 2, "the directory holds no *.toml"));
  BOOST_TEST(
      says(run_to_end({"check", "-f", scratch.write("huge.toml", std::string(2'000'000, '['))}), 2, "huge.toml"));
}

BOOST_AUTO_TEST_CASE(commands_and_options_that_do_not_exist_are_told) {
  BOOST_TEST(says(run_to_end({"--help"}), 0, "usage: reeve COMMAND"));
  BOOST_TEST(says(run_to_end({"help"}), 0, "usage: reeve COMMAND"));
  BOOST_TEST(says(run_to_end({}), 2, "usage: reeve COMMAND"));
  BOOST_TEST(says(run_to_end({"run", "--help"}), 0, "usage: reeve run -f FILE|DIR"));
  BOOST_TEST(says(run_to_end({"version"}), 0, "reeve "));
  BOOST_TEST(says(run_to_end({"--version"}), 0, "reeve "));
  BOOST_TEST(says(run_to_end({"version", "now"}), 2, "it takes no arguments"));
  BOOST_TEST(says(run_to_end({"rum"}), 2, "unknown command \"rum\""));
  BOOST_TEST(says(run_to_end({"run", "--fast"}), 2, "unknown option --fast"));
  BOOST_TEST(says(run_to_end({"run", "-f"}), 2, "option -f needs a value"));
  BOOST_TEST(says(run_to_end({"run"}), 2, "no file given"));
  BOOST_TEST(says(run_to_end({"run", "web.toml"}), 2, "unexpected argument \"web.toml\": files are named by -f"));
  BOOST_TEST(says(run_to_end({"explain", "pod.livenessProbe.periodSeconds"}), 0, "DEFAULT:  10"));
  BOOST_TEST(says(run_to_end({"explain", "pod.livenesProbe"}), 1, "livenessProbe"));
  BOOST_TEST(says(run_to_end({"explain"}), 2, "name one field"));
}

BOOST_AUTO_TEST_CASE(a_reload_with_a_mistake_changes_nothing_and_says_everything) {
  const Scratch scratch;
  const std::string good = pod(scratch, "web", {"--print", "up", "--hang"});
  const std::string file = scratch.write("web.toml", good);
  Reeve reeve({"run", "-f", file});
  BOOST_REQUIRE(reeve.prints("[web/web] up\n"));
  const auto before = processes_named(scratch.behave_name());
  scratch.write("web.toml", mistaken);
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints("[reeve] reload refused: nothing was changed\n"));
  BOOST_TEST(reeve.count(file + ":2:11: command: expected a list of strings") == 1u);
  BOOST_TEST(reeve.count(file + ":3:1: unknown key") == 1u);
  std::filesystem::remove(file);
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints(file + ": cannot open the file"));
  scratch.write("web.toml", good);
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints("[reeve] reloaded\n"));
  BOOST_TEST(processes_named(scratch.behave_name()) == before);
}

BOOST_AUTO_TEST_CASE(a_reload_adds_changes_and_removes_pods_and_touches_no_other) {
  const Scratch scratch;
  const auto hangs = [&](const std::string& name, const std::string& word) {
    return pod(scratch, name, {"--print", word, "--hang"});
  };
  Reeve reeve({"run", "-f",
               scratch.write("web.toml", hangs("stays", "staying") + hangs("changes", "old") + hangs("leaves", "x"))});
  BOOST_REQUIRE(reeve.prints("[leaves/leaves] x\n"));
  BOOST_REQUIRE(reeve.prints("[changes/changes] old\n"));
  BOOST_REQUIRE(reeve.prints("[stays/stays] staying\n"));
  scratch.write("web.toml", hangs("stays", "staying") + hangs("changes", "new") + hangs("comes", "hello"));
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints("[reeve] reloaded\n"));
  BOOST_TEST(reeve.prints("[changes/changes] new\n"));
  BOOST_TEST(reeve.prints("[comes/comes] hello\n"));
  BOOST_TEST(reeve.prints("pod/leaves spec.containers{leaves}: Stopping container leaves"));
  BOOST_TEST(eventually([&] { return processes_named(scratch.behave_name()).size() == 3; }));
  BOOST_TEST(reeve.count("[stays/stays] staying\n") == 1u);
  BOOST_TEST(reeve.count("Stopping container stays") == 0u);
}

BOOST_AUTO_TEST_CASE(a_reload_scales_and_updates_a_deployment_whose_selector_stays) {
  const Scratch scratch;
  const auto running = [&](std::size_t count) {
    return eventually([&] { return processes_named(scratch.behave_name()).size() == count; });
  };
  Reeve reeve({"run", "-f", scratch.write("many.toml", deployment(scratch, 2))});
  BOOST_REQUIRE(running(2));
  const auto first = processes_named(scratch.behave_name());
  for (const int replicas : {5, 1, 0, 3}) {
    scratch.write("many.toml", deployment(scratch, replicas));
    reeve.signal(SIGHUP);
    BOOST_TEST(running(static_cast<std::size_t>(replicas)), replicas);
  }
  const auto before = processes_named(scratch.behave_name());
  scratch.write("many.toml", deployment(scratch, 3) + "workingDir = \"/usr\"\n");
  reeve.signal(SIGHUP);
  const auto are_others = [&] {
    const auto now = processes_named(scratch.behave_name());
    return now.size() == 3 && std::ranges::find_first_of(now, before) == now.end();
  };
  BOOST_TEST(eventually(are_others));
  scratch.write("many.toml", deployment(scratch, 3) + "labels = { app = \"other\" }\n");
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints("field is immutable"));
  BOOST_TEST(reeve.prints("reload refused"));
  scratch.write("many.toml", "");
  reeve.signal(SIGHUP);
  BOOST_TEST(reeve.prints("no objects: nothing to run"));
  BOOST_TEST(running(3));
  scratch.write("many.toml", "[pod.other]\ncommand = [\"/bin/true\"]\nrestartPolicy = \"Never\"\n");
  reeve.signal(SIGHUP);
  BOOST_TEST(running(0));
}

BOOST_AUTO_TEST_SUITE_END()
