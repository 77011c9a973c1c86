#pragma once
// Reading the API's JSON without ever minding what is missing, and showing it.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// The value at "metadata.name"; nullptr where there is none. A part may be a key with dots in it if it stands alone.
const boost::json::value* find(const boost::json::value& value, std::string_view path);

// The text there; empty for none. Numbers and booleans as they are written.
std::string text_at(const boost::json::value& value, std::string_view path);
std::int64_t number_at(const boost::json::value& value, std::string_view path, std::int64_t otherwise = 0);
double real_at(const boost::json::value& value, std::string_view path);
bool flag_at(const boost::json::value& value, std::string_view path);

// The elements there; none for anything else.
const boost::json::array& list_at(const boost::json::value& value, std::string_view path);

// The members there; none for anything else.
const boost::json::object& map_at(const boost::json::value& value, std::string_view path);

// The element of a list with this name, or nullptr.
const boost::json::value* named(const boost::json::array& list, std::string_view name);

// A scalar as kubectl prints one: text as it is, the rest as JSON.
std::string scalar_text(const boost::json::value& value);

// Whole numbers without an exponent: 2, 0.5.
std::string number_text(double number);

// "a=b,c=d"; "<none>" for none.
std::string labels_text(const boost::json::object& labels, std::string_view joint = ",",
                        std::string_view none = "<none>");

// Indented by four blanks, as kubectl -o json, with a line end.
std::string pretty_json(const boost::json::value& value);

// As kubectl -o yaml.
std::string yaml(const boost::json::value& value);

}  // namespace reeve::cli
