#include "core/field_errors.hpp"

namespace reeve {

std::string FieldError::message() const {
  std::string text = field + ": " + type;
  if (!value.empty()) text += ": " + value;
  if (!detail.empty()) text += ": " + detail;
  return text;
}

std::string as_json(const Labels& labels) {
  std::string out = "{";
  for (const auto& [key, value] : labels) {
    if (out.size() > 1) out += ',';
    out += quoted(key) + ':' + quoted(value);
  }
  return out + '}';
}

std::string indexed(std::string_view path, std::size_t index) {
  return std::string(path) + '[' + std::to_string(index) + ']';
}

}  // namespace reeve
