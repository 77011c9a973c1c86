// Files and directories, and the examples in the tree.
#include "config_helpers.hpp"

#include <reeve/core/validate.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <map>

#include <unistd.h>

namespace reeve::config {
namespace {

namespace fs = std::filesystem;

// A directory of its own, gone at the end.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / ("reeve-config-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

Loaded load_all(const std::vector<std::string>& paths) { return load(paths); }

std::map<ObjectRef, Object> by_name(const Loaded& loaded) {
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), first_message(loaded));
  std::map<ObjectRef, Object> objects;
  for (const Placed& each : loaded->objects) objects.emplace(ref_of(each.object), each.object);
  return objects;
}

const std::string pod_toml = "[pod.a]\ncommand = [\"x\"]\n";
const std::string pod_yaml =
    "kind: Pod\napiVersion: v1\nmetadata: {name: b}\nspec: {containers: [{name: b, command: [x]}]}\n";
const std::string pod_json =
    "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"c\"}, \"spec\": {\"containers\": "
    "[{\"name\": "
    "\"c\", \"command\": [\"x\"]}]}}";

}  // namespace

BOOST_AUTO_TEST_SUITE(config_load)

BOOST_AUTO_TEST_CASE(places_name_the_line_of_an_object_and_of_a_field_as_deep_as_the_file_goes) {
  const Scratch scratch;
  const std::string toml = scratch.write(
      "a.toml", "[pod.a]\ncommand = [\"x\"]\n\n[pod.a.livenessProbe]\ntcpSocket = { port = 1 }\nperiodSeconds = 2\n");
  const std::string yaml = scratch.write("b.yaml", pod_yaml);
  const Places places(std::vector<std::string>{toml, "-", yaml, "/no/such/file"});
  const auto at = [&](const std::string& name, std::string_view field) {
    return places.find({Kind::pod, "default", name}, field).value_or("nowhere");
  };
  BOOST_TEST(at("a", "") == toml + ":1");
  BOOST_TEST(at("a", "spec.containers[0].livenessProbe") == toml + ":4");
  BOOST_TEST(at("a", "spec.containers[0].livenessProbe.periodSeconds") == toml + ":6");
  BOOST_TEST(at("a", "spec.containers[0].readinessProbe") == toml + ":1");
  BOOST_TEST(at("b", "spec.containers[0].name") == yaml + ":4");
  BOOST_TEST(at("c", "") == "nowhere");
}

// Whatever is written in etc/examples is the same as the manifest it stands for.
BOOST_AUTO_TEST_CASE(examples_in_toml_equal_the_manifests) {
  const auto manifests = by_name(load_all({"tests/data/manifests", "etc/examples/images.toml"}));
  const auto examples = by_name(load_all({"etc/examples"}));
  BOOST_CHECK_EQUAL(manifests.size(), 5);
  BOOST_CHECK_EQUAL(examples.size(), 5 + 2);  // container.toml stands for no manifest
  for (const auto& [ref, object] : manifests) {
    BOOST_TEST_CONTEXT(ref.name) {
      const auto found = examples.find(ref);
      BOOST_REQUIRE(found != examples.end());
      BOOST_CHECK(found->second == object);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_commented_example_loads) {
  const Loaded loaded = load_all({"etc/reeve.toml"});
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), first_message(loaded));
  BOOST_CHECK_EQUAL(loaded->objects.size(), 7);
  BOOST_CHECK_EQUAL(loaded->images.size(), 2);
  BOOST_CHECK_EQUAL(loaded->images.at("toolbox").env.at(0).name, "LANG");
}

BOOST_AUTO_TEST_CASE(a_directory_is_read_in_order_and_formats_mix) {
  const Scratch scratch;
  scratch.write("2.toml", pod_toml);
  scratch.write("1.yaml", pod_yaml);
  scratch.write("3.json", pod_json);
  scratch.write("notes.txt", "not ours");
  const Loaded loaded = load_all({scratch.path()});
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), first_message(loaded));
  BOOST_REQUIRE_EQUAL(loaded->objects.size(), 3);
  BOOST_CHECK_EQUAL(metadata_of(loaded->objects[0].object).name, "b");
  BOOST_CHECK_EQUAL(loaded->objects[0].file, scratch.path() + "/1.yaml");
}

BOOST_AUTO_TEST_CASE(a_format_is_recognised_by_its_content) {
  for (const std::string& text :
       {pod_toml, pod_yaml, pod_json, "# note: = \n\n" + pod_yaml, "\xef\xbb\xbf" + pod_toml}) {
    const Loaded loaded = parse_one(text, Format::recognised);
    BOOST_CHECK_MESSAGE(loaded.has_value(), first_message(loaded));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_said) {
  const Scratch scratch;
  const std::string missing = scratch.path() + "/missing.toml";
  const std::vector<std::string> found = messages_of(load_all({missing, scratch.path()}));
  const std::vector<std::string> expected{missing + ": cannot open the file: No such file or directory",
                                          scratch.path() + ": the directory holds no *.toml, *.yaml, *.yml or *.json"};
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

BOOST_AUTO_TEST_CASE(what_may_not_be_opened_is_said) {
  if (::geteuid() == 0) return;  // root may open everything
  const Scratch scratch;
  const std::string file = scratch.write("a.toml", pod_toml);
  fs::permissions(file, fs::perms::none);
  BOOST_CHECK_EQUAL(first_message(load_all({file})), file + ": cannot open the file: Permission denied");
  fs::permissions(scratch.path(), fs::perms::none);
  BOOST_CHECK_EQUAL(first_message(load_all({scratch.path()})),
                    scratch.path() + ": cannot open the directory: Permission denied");
  fs::permissions(scratch.path(), fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(an_object_given_twice_names_both_places) {
  const std::vector<Source> sources{{"a.toml", pod_toml, Format::toml}, {"b.toml", "\n" + pod_toml, Format::toml}};
  const auto found = messages_of(parse(sources));
  BOOST_REQUIRE_EQUAL(found.size(), 1);
  BOOST_CHECK_EQUAL(found[0], "b.toml:2:1: pod \"a\" is given twice: first at a.toml:1");
}

BOOST_AUTO_TEST_CASE(tables_about_reeve_are_given_once) {
  const std::string text = "[supervisor]\nisolation = \"none\"\n[images]\nx = \"/\"\n";
  const std::vector<Source> sources{{"a.toml", text + pod_toml, Format::toml}, {"b.toml", text, Format::toml}};
  const auto found = messages_of(parse(sources));
  const std::vector<std::string> expected{"b.toml:1:2: [supervisor] is given twice: first at a.toml:1",
                                          "b.toml:4:1: image \"x\" is given twice: first at a.toml:4"};
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

BOOST_AUTO_TEST_CASE(nothing_to_run_is_a_mistake) {
  const std::string text = "f: no objects: nothing to run; write a [pod.NAME] or [deployment.NAME] with a command";
  BOOST_CHECK_EQUAL(first_message(parse_one("", Format::toml)), text);
  BOOST_CHECK_EQUAL(first_message(parse_one("# nothing\n", Format::yaml)), text);
  BOOST_CHECK_EQUAL(first_message(parse_one("[supervisor]\n", Format::toml)), text);
}

BOOST_AUTO_TEST_CASE(objects_may_come_by_the_api_alone) {
  BOOST_CHECK(parse_one("[supervisor]\napi = \"127.0.0.1:8011\"\n", Format::toml).has_value());
  const auto nothing = load({});
  BOOST_REQUIRE(nothing.has_value());
  BOOST_CHECK(nothing->objects.empty());
}

BOOST_AUTO_TEST_CASE(the_api_is_served_on_loopback_alone) {
  for (const char* each : {"127.0.0.1:8011", "[::1]:8011", "127.0.0.1:0"})
    BOOST_CHECK_EQUAL(api_address_fault(each), "");
  for (const char* each : {"", "8011", ":8011", "0.0.0.0:8011", "127.0.0.2:8011", "[::]:8011", "localhost:8011",
                           "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", "::1:80", "unix:/x"}) {
    BOOST_CHECK_NE(api_address_fault(each), "");
  }
  const std::string message = first_message(parse_one("[supervisor]\napi = \"0.0.0.0:80\"\n", Format::toml));
  BOOST_CHECK_EQUAL(message.find("f:2:7: supervisor: api: Invalid value: \"0.0.0.0:80\": must be 127.0.0.1:PORT or "),
                    0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
