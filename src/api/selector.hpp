#pragma once
// Label and field selectors (apimachinery/pkg/labels/selector.go, pkg/fields/selector.go).

#include <reeve/core/result.hpp>
#include <reeve/core/spec.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve::api {

class LabelQuery {
 public:
  // "a=b,c!=d,e in (x,y),f notin (z),g,!h".
  static Result<LabelQuery> parse(std::string_view text);
  bool matches(const Labels& labels) const;
  bool is_empty() const noexcept { return requirements_.empty(); }

 private:
  enum class Operator { in, not_in, exists, exists_not };
  struct Requirement {
    std::string key;
    Operator is = Operator::exists;
    std::vector<std::string> values;
  };
  static Result<Requirement> parse_one(std::string_view text);
  std::vector<Requirement> requirements_;
};

// What field selectors can see of an object.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

class FieldQuery {
 public:
  // "a=b,c!=d"; backslashes escape.
  static Result<FieldQuery> parse(std::string_view text);
  bool matches(const Fields& fields) const;
  // The first field that is not among those, or empty.
  std::string unknown_among(const std::vector<std::string_view>& names) const;
  // The value that a field must equal, or empty.
  std::string_view wanted(std::string_view field) const;
  bool is_empty() const noexcept { return terms_.empty(); }

 private:
  struct Term {
    std::string field;
    bool is_equal = true;
    std::string value;
  };
  std::vector<Term> terms_;
};

}  // namespace reeve::api
