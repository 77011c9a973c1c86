#include <blackbox/state_world.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

namespace reeve::test {
namespace json = boost::json;

void StateWorld::write(const std::string& text) const {
  scratch.write("a.toml", "[supervisor]\nsocket = " + quoted(scratch.file("s")) + "\nstateDirectory = " +
                              quoted(scratch.file("state")) + "\n[images]\n\"*\" = \"/\"\n" + text);
}

void StateWorld::start() {
  reeve.emplace(std::vector<std::string>{"run", "-f", scratch.file("a.toml")}, settings);
  BOOST_REQUIRE_MESSAGE(eventually([&] { return ask("GET", "/version").status == 200; }), reeve->output());
}

void StateWorld::kill() {
  reeve->signal(SIGKILL);
  BOOST_REQUIRE(reeve->wait().value_or(-1) == 128 + SIGKILL);
  std::filesystem::remove(scratch.file("s"));
}

void StateWorld::reload() {
  const std::size_t before = reeve->count("reload");
  reeve->signal(SIGHUP);
  BOOST_TEST(reeve->prints_times("reload", before + 1));
}

Finished StateWorld::run(std::vector<std::string> arguments, const std::string& input) const {
  arguments.insert(arguments.end(), {"--socket", scratch.file("s")});
  return run_to_end(std::move(arguments), input);
}

Answer StateWorld::ask(const std::string& method, const std::string& path, const std::string& body) const {
  return client().ask(method, path, body);
}

Answer StateWorld::patch(const std::string& path, const std::string& body) const {
  return client().ask("PATCH", path, body, merge_patch);
}

json::value StateWorld::get(const std::string& path) const {
  const Answer answer = ask("GET", path);
  return answer.status == 200 ? json::parse(answer.body) : json::value();
}

std::vector<std::string> StateWorld::state_directory() const {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator(scratch.file("state"))) {
    names.push_back(each.path().filename());
  }
  return names;
}

json::value at(const json::value& value, const std::string& pointer) {
  json::error_code error;
  const json::value* const found = value.find_pointer(pointer, error);
  return found == nullptr ? json::value() : *found;
}

}  // namespace reeve::test
