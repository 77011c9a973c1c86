// reeve logs: of a pod, of one pod of a deployment, of all pods with some labels.
#include "cli/json.hpp"
#include "cli/pods.hpp"
#include "cli/session.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>
#include <reeve/core/text.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>

namespace reeve::cli {
namespace json = boost::json;
namespace {

// One container's log.
struct Log {
  std::string pod;
  std::string container;
};

class Logs {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(command, arguments, session_.options(own_options()));
    if (read.exit_code) return *read.exit_code;
    if (read.words.size() > 2 || (read.words.empty() && selector_.empty())) {
      return misused(command, "name one pod, or deployment/NAME, or labels by -l");
    }
    if (!read.words.empty() && !selector_.empty()) return misused(command, "only a selector (-l) or a name, not both");
    if (read.words.size() == 2) container_ = read.words[1];
    if (const auto since = since_seconds(); !since) return misused(command, since.error().message());
    const auto logs = selector_.empty() ? logs_of(read.words.front()) : selected();
    if (!logs) return refused(logs.error());
    return print(*logs);
  }

 private:
  std::vector<Option> own_options() {
    return {flag("-f", "--follow", "go on with what is written", follows_),
            flag("-p", "--previous", "of the run before the current one", previous_),
            text("-c", "--container", "NAME", "of this container", container_),
            text("", "--tail", "LINES", "only the last lines; -1: all (10 with -l)", tail_),
            text("", "--since", "DURATION", "only what is newer: 5s, 2m, 3h", since_),
            text("", "--since-time", "TIME", "only what is newer than an RFC 3339 time", since_time_),
            flag("", "--timestamps", "each line's time in front", timestamps_),
            flag("", "--prefix", "pod and container in front of each line", prefix_),
            text("", "--limit-bytes", "BYTES", "not more than that", limit_),
            flag("", "--all-containers", "of every container", all_containers_),
            text("-l", "--selector", "LABELS", "of all pods with such labels", selector_),
            text("", "--max-log-requests", "NUMBER", "how many logs to follow at once (5)", requests_max_)};
  }

  Result<std::string> since_seconds() const {
    if (since_.empty()) return std::string();
    REEVE_TRY(const Duration since, parse_duration(since_));
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(since).count());
  }

  Result<std::vector<Log>> logs_of(const std::string& word) {
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos) return of_pod(word);
    REEVE_TRY(const Resource* const resource, find_resource(word.substr(0, slash)));
    const std::string name = word.substr(slash + 1);
    if (resource->kind == "Pod") return of_pod(name);
    if (resource->kind != "Deployment" && resource->kind != "ReplicaSet") {
      return fail("cannot get the logs from *" + std::string(resource->kind) + ": selector for it not implemented");
    }
    REEVE_TRY(const json::value object, session_.get(*resource, name));
    const std::string labels = labels_text(map_at(object, "spec.selector.matchLabels"), ",", "");
    REEVE_TRY(const json::value pods, pods_with(session_, labels));
    const json::array& found = list_at(pods, "items");
    if (found.empty()) return fail("no pods found for " + resource->title(name));
    const json::value& chosen = best_of(found);
    if (found.size() > 1) {
      std::fprintf(stderr, "Found %zu pods, using pod/%s\n", found.size(), text_at(chosen, "metadata.name").c_str());
    }
    return of(chosen);
  }

  Result<std::vector<Log>> of_pod(const std::string& name) {
    REEVE_TRY(const json::value pod, session_.get(**find_resource("pods"), name));
    return of(pod);
  }

  Result<std::vector<Log>> of(const json::value& pod) const {
    const std::string name = text_at(pod, "metadata.name");
    const std::vector<std::string> containers = container_names(pod, "");
    std::vector<Log> logs;
    if (all_containers_) {
      for (const std::string& each : containers) logs.push_back({name, each});
      return logs;
    }
    REEVE_TRY(std::string container, choose_container(pod, container_));
    return std::vector<Log>{{name, std::move(container)}};
  }

  Result<std::vector<Log>> selected() {
    if (tail_.empty()) tail_ = "10";
    REEVE_TRY(const json::value pods, pods_with(session_, selector_));
    if (list_at(pods, "items").empty()) {
      std::fprintf(stderr, "No resources found in %s namespace.\n", session_.name_space().c_str());
    }
    std::vector<Log> logs;
    for (const json::value& each : list_at(pods, "items")) {
      REEVE_TRY(const std::vector<Log> more, of(each));
      logs.insert(logs.end(), more.begin(), more.end());
    }
    const std::size_t most = static_cast<std::size_t>(parse_integer(requests_max_).value_or(5));
    if (follows_ && logs.size() > most) {
      return fail("you are attempting to follow " + std::to_string(logs.size()) +
                  " log streams, but maximum allowed concurrency is " + std::to_string(most) +
                  ", use --max-log-requests to increase the limit");
    }
    return logs;
  }

  std::string path_of(const Log& log) const {
    return (*find_resource("pods"))->path(session_.name_space(), log.pod) + "/log" +
           query_of({{"container", log.container},
                     {"follow", follows_ ? "true" : ""},
                     {"previous", previous_ ? "true" : ""},
                     {"tailLines", tail_ == "-1" ? "" : tail_},
                     {"sinceSeconds", since_seconds().value_or("")},
                     {"sinceTime", since_time_},
                     {"timestamps", timestamps_ ? "true" : ""},
                     {"limitBytes", limit_}});
  }

  int print(const std::vector<Log>& logs) {
    if (!follows_ || logs.size() < 2) {
      int code = exit_done;
      for (const Log& each : logs) code = std::max(code, print_one(each));
      return code;
    }
    std::vector<std::jthread> threads;
    for (const Log& each : logs) threads.emplace_back([this, each] { print_one(each); });
    return exit_done;
  }

  void write(const std::string& head, std::string_view text) {
    const std::lock_guard hold(output_);
    std::fwrite(head.data(), 1, head.size(), stdout);
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (follows_) std::fflush(stdout);
  }

  // Whole lines only, so that logs printed side by side tear none.
  int print_one(const Log& log) {
    const std::string head = prefix_ ? "[pod/" + log.pod + "/" + log.container + "] " : "";
    api::Lines lines;
    const auto write_line = [&](std::string_view line) {
      write(head, std::string(line) + "\n");
      return true;
    };
    const auto streamed = session_.client().stream(
        {.path = path_of(log), .accept = "*/*"}, [&](std::string_view piece) { return lines.feed(piece, write_line); });
    if (!streamed) return refused(streamed.error());
    if (!lines.rest().empty()) write(head, lines.rest());
    if (streamed->status < 300) return exit_done;
    boost::system::error_code error;
    return refused({api::status_line(json::parse(streamed->refusal, error)), 0});
  }

  Session session_;
  bool follows_ = false, previous_ = false, timestamps_ = false, prefix_ = false, all_containers_ = false;
  std::string container_, tail_, since_, since_time_, limit_, selector_, requests_max_ = "5";
  std::mutex output_;
};

}  // namespace

int logs_command(const Command& command, std::span<const std::string> arguments) {
  return Logs().run(command, arguments);
}

}  // namespace reeve::cli
