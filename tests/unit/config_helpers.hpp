#pragma once
// Short ways to parse a text and to see the mistakes in it.

#include <reeve/config/load.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace reeve::config {

inline Loaded parse_one(const std::string& text, Format format) {
  const Source source{"f", text, format};
  return parse({&source, 1});
}

inline std::vector<std::string> messages_of(const Loaded& loaded) {
  std::vector<std::string> messages;
  if (loaded) return messages;
  for (const Mistake& each : loaded.error()) messages.push_back(each.message());
  return messages;
}

// For assertions that nothing is wrong.
inline std::string first_message(const Loaded& loaded) { return loaded ? "" : loaded.error()[0].message(); }

inline std::vector<std::string> mistakes_in(const std::string& text, Format format) {
  return messages_of(parse_one(text, format));
}

// Tests run in the top directory of the tree.
inline std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

struct MistakeCase {
  std::string name;
  std::string text;
  std::vector<std::string> messages;
};

}  // namespace reeve::config

// Every case's mistakes, word for word.
#define REEVE_CHECK_MISTAKES(cases, format)                                                                  \
  for (const auto& each : (cases)) {                                                                         \
    BOOST_TEST_CONTEXT(each.name) {                                                                          \
      const auto found = mistakes_in(each.text, format);                                                     \
      BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), each.messages.begin(), each.messages.end()); \
    }                                                                                                        \
  }
