#pragma once
// Collects field errors, and prints values as Kubernetes' messages show them.

#include <reeve/core/spec.hpp>
#include <reeve/core/text.hpp>
#include <reeve/core/validate.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

std::string as_json(const Labels& labels);                      // {"app":"web"}
std::string indexed(std::string_view path, std::size_t index);  // spec.containers[0]

class FieldErrors {
 public:
  void required(std::string path, std::string detail = "") {
    add(std::move(path), "Required value", "", std::move(detail));
  }
  void forbidden(std::string path, std::string detail) { add(std::move(path), "Forbidden", "", std::move(detail)); }
  void invalid(std::string path, std::string value, std::string detail) {
    add(std::move(path), "Invalid value", std::move(value), std::move(detail));
  }
  void unsupported(std::string path, std::string_view value, std::string_view supported) {
    add(std::move(path), "Unsupported value", quoted(value), "supported values: " + quoted(supported));
  }
  void unsupported(std::string path, std::string_view value, std::span<const std::string_view> supported) {
    std::string list;
    for (const std::string_view each : supported) list += (list.empty() ? "" : ", ") + quoted(each);
    add(std::move(path), "Unsupported value", quoted(value), "supported values: " + list);
  }
  void duplicate(std::string path, std::string value) { add(std::move(path), "Duplicate value", std::move(value), ""); }

  // One "Invalid value" for each fault of a name.
  void faults(const std::string& path, std::string_view name, const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) invalid(path, quoted(name), fault);
  }

  std::vector<FieldError> take() { return std::move(errors_); }

 private:
  void add(std::string path, std::string type, std::string value, std::string detail) {
    errors_.push_back({std::move(path), std::move(type), std::move(value), std::move(detail)});
  }

  std::vector<FieldError> errors_;
};

}  // namespace reeve
