// What descriptions of several kinds have in common.
#include "cli/describe.hpp"
#include "cli/json.hpp"

#include <algorithm>
#include <map>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t annotation_width_max = 140;

std::string joined(const json::array& words) {
  std::string text;
  for (const json::value& each : words) text += (text.empty() ? "" : " ") + scalar_text(each);
  return text;
}

// As Go prints a URL: a question mark in the path is no query.
std::string url_path(std::string path) {
  if (!path.empty() && path.front() != '/') path.insert(0, "/");
  for (std::size_t at = path.find('?'); at != std::string::npos; at = path.find('?')) path.replace(at, 1, "%3F");
  return path;
}

std::string handler_text(const json::value& probe) {
  if (find(probe, "exec") != nullptr) return "exec [" + joined(list_at(probe, "exec.command")) + "]";
  if (find(probe, "httpGet") != nullptr) {
    std::string scheme = text_at(probe, "httpGet.scheme");
    std::ranges::transform(scheme, scheme.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return "http-get " + (scheme.empty() ? "http" : scheme) + "://" + text_at(probe, "httpGet.host") + ":" +
           text_at(probe, "httpGet.port") + url_path(text_at(probe, "httpGet.path"));
  }
  if (find(probe, "tcpSocket") != nullptr) {
    return "tcp-socket " + text_at(probe, "tcpSocket.host") + ":" + text_at(probe, "tcpSocket.port");
  }
  return "unknown";
}

double number_of(const json::value& probe, std::string_view name, double otherwise) {
  return find(probe, name) == nullptr ? otherwise : real_at(probe, name);
}

// How long a program may be silent.
std::string silence_text(const json::value& probe) {
  return number_text(number_of(probe, "periodSeconds", 10) * number_of(probe, "failureThreshold", 3)) + "s";
}

std::string count_at(const json::value& probe, std::string_view name, double otherwise) {
  return number_text(number_of(probe, name, otherwise));
}

}  // namespace

bool is_told(const json::value& probe) { return find(probe, "notify") != nullptr; }

std::string awaited_text(const json::value& probe, std::string_view type) {
  const std::string on = " on NOTIFY_SOCKET";
  if (type == "Liveness") return "WATCHDOG=1 at least every " + silence_text(probe) + on;
  if (type == "Startup") return "READY=1" + on + " within " + silence_text(probe) + " of the start";
  return "READY=1" + on;
}

std::string probe_line(const json::value& probe, std::string_view type) {
  if (is_told(probe)) return "notify " + awaited_text(probe, type);
  return handler_text(probe) + " delay=" + count_at(probe, "initialDelaySeconds", 0) +
         "s timeout=" + count_at(probe, "timeoutSeconds", 1) + "s period=" + count_at(probe, "periodSeconds", 10) +
         "s #success=" + count_at(probe, "successThreshold", 1) + " #failure=" + count_at(probe, "failureThreshold", 3);
}

std::string labels_lines(std::string_view title, const json::object& labels, std::string_view joint,
                         std::size_t indent) {
  const std::string space(indent, ' ');
  std::string text = space + std::string(title) + ":\t";
  if (labels.empty()) return text + "<none>\n";
  std::map<std::string_view, std::string> sorted;
  for (const auto& each : labels) sorted.emplace(each.key(), scalar_text(each.value()));
  bool is_first = true;
  for (const auto& [key, value] : sorted) {
    if (!is_first) text += "\t";
    is_first = false;
    const bool is_long = joint == ": " && key.size() + value.size() + 2 > annotation_width_max;
    if (is_long) {
      text += std::string(key) + ":\n" + space + "\t  " + value.substr(0, annotation_width_max - 2) +
              (value.size() > annotation_width_max - 2 ? "..." : "") + "\n";
    } else {
      text += std::string(key) + std::string(joint) + value + "\n";
    }
  }
  return text;
}

std::string event_age(const json::value& event, Time now) {
  const std::string first = age(text_at(event, "firstTimestamp"), now);
  const std::int64_t count = number_at(event, "count", 1);
  if (count <= 1) return first;
  return age(text_at(event, "lastTimestamp"), now) + " (x" + std::to_string(count) + " over " + first + ")";
}

std::string events_text(const json::array& events, Time now) {
  if (events.empty()) return "Events:\t<none>\n";
  std::vector<const json::value*> sorted;
  for (const json::value& each : events) sorted.push_back(&each);
  std::ranges::stable_sort(
      sorted, {}, [](const json::value* each) { return parse_time(text_at(*each, "lastTimestamp")).value_or(Time{}); });
  std::string text = "Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n";
  for (const json::value* each : sorted) {
    const std::string field = text_at(*each, "involvedObject.fieldPath");
    text += "  " + text_at(*each, "type") + "\t" + text_at(*each, "reason") + "\t" + event_age(*each, now) + "\t" +
            text_at(*each, "source.component") + "\t" + (field.empty() ? "" : field + ": ") +
            text_at(*each, "message") + "\n";
  }
  return text;
}

}  // namespace reeve::cli
