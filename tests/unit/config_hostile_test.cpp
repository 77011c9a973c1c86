// Bad input of every kind ends in a mistake with a position: never a crash, never a wait.
#include "config_helpers.hpp"

#include <reeve/config/node.hpp>
#include <reeve/core/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>

namespace reeve::config {
namespace {

std::string repeated(std::string_view part, std::size_t count) {
  std::string text;
  text.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += part;
  return text;
}

std::vector<MistakeCase> toml_cases() {
  const std::string too_large = "f:1:1: the file is larger than 1 MiB, which is the most reeve reads: split it";
  const std::string too_deep = "brackets are nested more than 32 deep";
  return {
      {"megabytes of brackets", repeated("[", 5 << 20), {too_large}},
      {"a megabyte of brackets", "a = " + repeated("[", (1 << 20) - 4), {"f:1:37: " + too_deep}},
      {"a megabyte of braces", "a = " + repeated("{a=", 1 << 18), {"f:1:101: " + too_deep}},
      {"a 5 MB table header", "[" + repeated("a.", 5 << 19) + "a]", {too_large}},
      {"a 1 MB table header", "[" + repeated("a.", 500000) + "a]", {"f:1:65: the key has more than 32 parts"}},
      {"a header without a name",
       "[&\n",
       {"f:1:2: key: expected bare key starting character or string delimiter, saw '&'"}},
      {"a header of three brackets",
       "a = 1\n [[[a]]]\n",
       {"f:2:4: key: expected bare key starting character or string delimiter, saw '['"}},
      {"a letter outside ASCII",
       "a = \"ä\" # ö\nü = 1\n",
       {"f:2:1: root table: expected keys, tables, whitespace or comments, saw 'ü'"}},
      {"a letter after a continued line", "a = \"\"\"x \\\n  ä\"\"\"\n", {"f:1:1: unknown key \"a\" in this file"}},
      {"a quote in a word", "a = 07:'\xef\xbb\xbb[3'\n", {"f:1:8: time: expected 2-digit minute, saw '''"}},
      {"dots in strings and comments are not parts",
       "# " + repeated("a.", 99) + "\n[pod.a]\ncommand = [\"" + repeated("[a.", 99) + "\", '" + repeated("[", 99) +
           "', '''" + repeated("[\n", 99) + "''', \"\"\"" + repeated("\\\"[", 99) + "\"\"\"]\n",
       {}},
      {"not UTF-8", "# \xff\n", {"f:1:3: this is not UTF-8 text: save the file as UTF-8"}},
      {"cut UTF-8", "# \xe2\x82", {"f:1:3: this is not UTF-8 text: save the file as UTF-8"}},
      {"surrogates", "# \xed\xa0\x80", {"f:1:3: this is not UTF-8 text: save the file as UTF-8"}},
      {"NUL", std::string("a = 1\n\0b", 8), {"f:2:1: a NUL byte: this is not a text file"}},
  };
}

std::vector<MistakeCase> yaml_cases() {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(alias + ",", 9) + alias + "]\n";
  }
  return {
      {"alias bomb", bomb, {"f:5:34: the aliases of this file expand to more than 100000 values"}},
      {"deep nesting", repeated("[", 200), {"f:1:51: values are nested more than 100 deep"}},
      {"a megabyte of brackets", repeated("[", 1 << 20), {"f:1:51: values are nested more than 100 deep"}},
      {"a megabyte of dashes", repeated("- ", 1 << 19), {"f:1:201: values are nested more than 100 deep"}},
      {"documents without end", "a: b\n---\n, c\n", {"f:3:1: this is no value"}},
      {"merging with a text", "<<: x\n", {"f:1:5: \"<<\" takes an object to merge"}},
  };
}

std::string path_of(const std::string& name) { return "tests/data/manifests/" + name; }

// The texts that mutation starts from, with their formats.
std::vector<Source> seeds() {
  std::vector<Source> seeds;
  const std::string images = "etc/examples/";
  for (const char* name : {"healthcheck.yml", "liveness.yml", "address-finder-deployment.yaml"}) {
    seeds.push_back({name, read_text(path_of(name)), Format::yaml});
  }
  for (const char* name : {"liveness.toml", "address-finder.toml", "images.toml", "../reeve.toml"}) {
    seeds.push_back({name, read_text(images + name), Format::toml});
  }
  seeds.push_back(
      {"json",
       "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"web\", \"labels\": {\"a\": \"b\"}},"
       "\"spec\": {\"containers\": [{\"name\": \"c\", \"command\": [\"x\", \"\\u0041\"], \"livenessProbe\": "
       "{\"httpGet\": {\"port\": 80}, \"periodSeconds\": 1.5e0}}]}}",
       Format::json});
  return seeds;
}

std::string mutated(std::string text, Random& random) {
  constexpr std::string_view bytes = "[]{}:=,.\"'#&*|>-\n \t0a\\\xff\xc3\x01!%@~<";
  const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(random.below(count)); };
  for (std::size_t i = 0, count = 1 + pick(4); i < count && !text.empty(); ++i) {
    const std::size_t at = pick(text.size());
    switch (pick(4)) {
      case 0:
        text[at] = bytes[pick(bytes.size())];
        break;
      case 1:
        text.insert(at, 1, bytes[pick(bytes.size())]);
        break;
      case 2:
        text.erase(at, 1 + pick(20));
        break;
      default:
        text.insert(at, text.substr(pick(text.size()), pick(60)));
    }
  }
  return text;
}

// Either objects, or mistakes that all have a text and, unless they are about the whole file, a place in it.
void check_sane(const Source& source) {
  const Loaded loaded = parse({&source, 1});
  if (loaded) return;
  const auto lines = 1 + std::ranges::count(source.text, '\n');
  BOOST_REQUIRE(!loaded.error().empty());
  for (const Mistake& each : loaded.error()) {
    const bool whole = each.line == 0 && each.text.starts_with("no objects");
    const bool placed = whole || (each.line >= 1 && each.line <= lines + 1 && each.column >= 1);
    if (!placed || each.text.empty()) {
      BOOST_ERROR("no position: " << each.message() << "\n" << source.text);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_hostile)

BOOST_AUTO_TEST_CASE(bad_toml){REEVE_CHECK_MISTAKES(toml_cases(), Format::toml)} BOOST_AUTO_TEST_CASE(bad_yaml){
    REEVE_CHECK_MISTAKES(yaml_cases(), Format::yaml)}

BOOST_AUTO_TEST_CASE(bad_json) {
  const std::vector<MistakeCase> cases{
      {"deep nesting", repeated("[", 1 << 20), {"f:1:101: values are nested more than 100 deep"}},
      {"empty", "", {"f:1:1: incomplete JSON"}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::json)
}

// Bytes changed at random in what was valid never crash the readers and always leave a position.
BOOST_AUTO_TEST_CASE(mutations_never_crash) {
  const std::vector<Source> valid = seeds();
  Random random(20240607);
  for (int round = 0; round < 8000; ++round) {
    Source source = valid[static_cast<std::size_t>(random.below(valid.size()))];
    BOOST_REQUIRE(!source.text.empty());
    source.text = mutated(std::move(source.text), random);
    check_sane(source);
  }
}

BOOST_AUTO_TEST_CASE(the_fuzzers_corpus_is_replayed) {
  int count = 0;
  for (const auto& [directory, format] : {std::pair{"toml", Format::toml}, {"yaml", Format::yaml}}) {
    for (const auto& each : std::filesystem::directory_iterator(std::string("tests/fuzz/corpus/") + directory)) {
      const std::string path = each.path().string();
      check_sane({path, read_text(path), format});
      ++count;
    }
  }
  BOOST_CHECK_GT(count, 10);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
