#include "api/selector.hpp"

#include <algorithm>

namespace reeve::api {
namespace {

constexpr std::size_t terms_max = 256;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Cuts at commas outside of parentheses.
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    terms.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return terms;
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_' || c == '/';
}

bool is_word(std::string_view text) { return std::ranges::all_of(text, is_key_character); }

tl::unexpected<Error> unparsable(std::string_view text) {
  return fail("unable to parse requirement: found '" + std::string(text) + "'");
}

// "(x, y)".
bool read_values(std::string_view text, std::vector<std::string>& values) {
  text = trimmed(text);
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  for (const std::string_view each : terms_of(text.substr(1, text.size() - 2))) {
    if (!is_word(each)) return false;
    values.emplace_back(each);
  }
  return true;
}

}  // namespace

Result<LabelQuery> LabelQuery::parse(std::string_view text) {
  LabelQuery query;
  text = trimmed(text);
  if (text.empty()) return query;
  for (const std::string_view each : terms_of(text)) {
    REEVE_TRY(Requirement requirement, parse_one(each));
    query.requirements_.push_back(std::move(requirement));
    if (query.requirements_.size() > terms_max) return fail("the selector has too many terms");
  }
  return query;
}

Result<LabelQuery::Requirement> LabelQuery::parse_one(std::string_view text) {
  const std::string_view whole = text;
  const bool negated = text.starts_with('!');
  if (negated) text = trimmed(text.substr(1));
  const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text, is_key_character) - text.begin());
  Requirement requirement{std::string(text.substr(0, end)), negated ? Operator::exists_not : Operator::exists, {}};
  std::string_view rest = trimmed(text.substr(end));
  if (requirement.key.empty() || (negated && !rest.empty())) return unparsable(whole);
  if (rest.empty()) return requirement;
  for (const auto& [word, is] : {std::pair{"in", Operator::in}, std::pair{"notin", Operator::not_in}}) {
    const std::string_view name(word);
    if (!rest.starts_with(name)) continue;
    requirement.is = is;
    if (!read_values(rest.substr(name.size()), requirement.values)) return unparsable(whole);
    return requirement;
  }
  requirement.is = rest.starts_with("!=") ? Operator::not_in : Operator::in;
  const std::size_t length = rest.starts_with("!=") || rest.starts_with("==") ? 2 : 1;
  if (length == 1 && rest.front() != '=') return unparsable(whole);
  rest = trimmed(rest.substr(length));
  if (!is_word(rest)) return unparsable(whole);
  requirement.values.emplace_back(rest);
  return requirement;
}

bool LabelQuery::matches(const Labels& labels) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& each) {
    const auto found = labels.find(each.key);
    const bool has = found != labels.end();
    const bool listed = has && std::ranges::find(each.values, found->second) != each.values.end();
    switch (each.is) {
      case Operator::in:
        return listed;
      case Operator::not_in:
        return !listed;
      case Operator::exists:
        return has;
      case Operator::exists_not:
        return !has;
    }
    return false;
  });
}

Result<FieldQuery> FieldQuery::parse(std::string_view text) {
  FieldQuery query;
  Term term;
  bool in_value = false;
  const auto finish = [&]() -> bool {
    const bool is_nothing = term.field.empty() && !in_value;
    if (!is_nothing && (!in_value || term.field.empty())) return false;
    if (!is_nothing) query.terms_.push_back(std::exchange(term, {}));
    in_value = false;
    return query.terms_.size() <= terms_max;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& part = in_value ? term.value : term.field;
    if (text[i] == '\\' && i + 1 < text.size()) {
      part += text[++i];
    } else if (text[i] == ',') {
      if (!finish()) return fail("invalid selector: '" + std::string(text) + "'; can't understand it");
    } else if (!in_value && text[i] == '=') {
      term.is_equal = !term.field.ends_with('!');
      if (!term.is_equal) term.field.pop_back();
      if (i + 1 < text.size() && text[i + 1] == '=') ++i;
      in_value = true;
    } else {
      part += text[i];
    }
  }
  if (!finish()) return fail("invalid selector: '" + std::string(text) + "'; can't understand it");
  return query;
}

bool FieldQuery::matches(const Fields& fields) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    const auto found = std::ranges::find_if(fields, [&](const auto& each) { return each.first == term.field; });
    const std::string_view value = found == fields.end() ? std::string_view() : found->second;
    return (value == term.value) == term.is_equal;
  });
}

std::string FieldQuery::unknown_among(const std::vector<std::string_view>& names) const {
  for (const Term& each : terms_) {
    if (std::ranges::find(names, each.field) == names.end()) return each.field;
  }
  return {};
}

std::string_view FieldQuery::wanted(std::string_view field) const {
  for (const Term& each : terms_) {
    if (each.is_equal && each.field == field) return each.value;
  }
  return {};
}

}  // namespace reeve::api
