// reeve doctor: what can be had here, and what was got.
#include "cli/doctor.hpp"

#include "cli/json.hpp"

#include <reeve/cli/cli.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace reeve::cli {
namespace json = boost::json;
namespace {

bool has_colors() {
  const char* const refused = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == '\0');
}

void print(const std::vector<Finding>& found) {
  const bool colors = has_colors();
  for (const Finding& each : found) {
    const std::string line =
        std::string(each.is_fine ? "  ok  " : "  no  ") + each.what + (each.told.empty() ? "" : ": " + each.told);
    std::printf(colors && !each.is_fine ? "\x1b[31m%s\x1b[0m\n" : "%s\n", line.c_str());
  }
}

json::array as_json(const std::vector<Finding>& found) {
  json::array list;
  for (const Finding& each : found) {
    list.push_back(json::object{{"name", each.what}, {"ok", each.is_fine}, {"text", each.told}});
  }
  return list;
}

}  // namespace

int doctor_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string output;
  const Arguments read =
      read_arguments(command, arguments, session.options({text("-o", "--output", "json", "as JSON", output)}));
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty() || (!output.empty() && output != "json"))
    return misused(command, "write: reeve doctor [-o json]");
  const std::vector<Finding> host = examine_host();
  const auto pods = examine_pods(session);
  const bool is_fine = !pods || std::ranges::all_of(*pods, &Finding::is_fine);
  if (output == "json") {
    json::object all{{"host", as_json(host)}, {"pods", pods ? json::value(as_json(*pods)) : json::value(nullptr)}};
    if (!pods) all["problem"] = pods.error().message();
    std::fputs(pretty_json(std::move(all)).c_str(), stdout);
    return is_fine ? exit_done : exit_failed;
  }
  std::printf("this host, for uid %d\n", static_cast<int>(::geteuid()));
  print(host);
  if (pods) {
    std::printf("running pods of the reeve at %s\n", session.client().socket().c_str());
    print(*pods);
  } else {
    std::printf("no pods looked at: %s\n", pods.error().message().c_str());
  }
  return is_fine ? exit_done : exit_failed;
}

}  // namespace reeve::cli
