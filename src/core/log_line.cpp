#include <reeve/core/log_line.hpp>
#include <reeve/core/utf8.hpp>

namespace reeve {
namespace {

void add_text(std::string& json, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  json += '"';
  for (const char c : valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\t') {
      json += "\\t";
    } else if (c == '\n') {
      json += "\\n";
    } else if (c == '\r') {
      json += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      json += "\\u00";
      json += hex[byte >> 4];
      json += hex[byte & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace

std::string json_line(const LogLine& line) {
  std::string json = "{\"time\":";
  add_text(json, rfc3339_nano(line.time));
  const auto add = [&](std::string_view key, std::string_view text) {
    json += ",\"" + std::string(key) + "\":";
    add_text(json, text);
  };
  add("level", line.level);
  if (!line.pod.empty()) add("pod", line.pod);
  if (!line.container.empty()) add("container", line.container);
  if (!line.stream.empty()) add("stream", line.stream);
  if (line.is_partial) json += ",\"partial\":true";
  add("message", line.message);
  return json + "}\n";
}

}  // namespace reeve
