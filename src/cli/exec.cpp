// reeve exec: the command gets our own descriptors, or the other end of a terminal that we operate.
#include "cli/json.hpp"
#include "cli/pods.hpp"
#include "cli/session.hpp"
#include "cli/terminal_session.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/linux/passing.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

class Exec {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const auto dashes = std::ranges::find(arguments, "--");
    const auto before = static_cast<std::size_t>(dashes - arguments.begin());
    const Arguments read = read_arguments(
        command, arguments.first(before),
        session_.options({flag("-i", "--stdin", "hand our standard input to it", has_stdin_),
                          flag("-t", "--tty", "it gets a terminal, if our standard input is one", has_terminal_),
                          text("-c", "--container", "NAME", "in this container", container_)}));
    if (read.exit_code) return *read.exit_code;
    if (read.words.empty()) return failed("pod, type/name or --filename must be specified");
    if (read.words.size() > 1) {
      return failed("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
    }
    if (before + 1 >= arguments.size()) return failed("you must specify at least one command for the container");
    const auto words = arguments.subspan(before + 1);
    choose_terminal();
    auto upgraded = ask(read.words.front(), {words.begin(), words.end()});
    if (!upgraded) return refused(upgraded.error());
    const auto end = has_terminal_ ? in_terminal(*upgraded) : with_our_descriptors(*upgraded);
    if (!end) return refused(end.error());
    return tell(*end);
  }

 private:
  // As kubectl: without -i there is nobody at a terminal.
  void choose_terminal() {
    if (has_terminal_ && has_stdin_ && !linux::is_terminal(STDIN_FILENO)) {
      std::fputs("Unable to use a TTY - input is not a terminal or the right kind of file\n", stderr);
    }
    has_terminal_ = has_terminal_ && has_stdin_ && linux::is_terminal(STDIN_FILENO);
  }

  Result<api::Upgraded> ask(const std::string& word, const std::vector<std::string>& words) const {
    REEVE_TRY(const PodChoice choice, choose_pod(session_, word));
    const std::string phase = text_at(choice.pod, "status.phase");
    if (phase == "Succeeded" || phase == "Failed") {
      return fail("cannot exec into a container in a completed pod; current phase is " + phase);
    }
    REEVE_TRY(const std::string container, choose_container(choice.pod, container_));
    std::string query =
        query_of({{"container", container}, {"stdin", has_stdin_ ? "1" : ""}, {"tty", has_terminal_ ? "1" : ""}});
    for (const std::string& each : words) query += "&command=" + api::query_escaped(each);
    const Resource& pods = **find_resource("pods");
    const std::string path = pods.path(session_.name_space(), text_at(choice.pod, "metadata.name")) + "/exec" + query;
    return session_.client().upgrade({.method = "POST", .path = path, .upgrade = "reeve-exec"});
  }

  Result<json::value> with_our_descriptors(const api::Upgraded& upgraded) const {
    constexpr std::array<int, 3> all{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    REEVE_TRY_VOID(
        linux::send_with_descriptors(upgraded.connection.get(), "\n", std::span(all).subspan(has_stdin_ ? 0 : 1)));
    return wait_for_end(upgraded);
  }

  static Result<json::value> in_terminal(const api::Upgraded& upgraded) {
    REEVE_TRY(linux::TerminalPair pair, linux::make_terminal(STDIN_FILENO));
    const int slave = pair.slave.get();
    REEVE_TRY_VOID(linux::send_with_descriptors(upgraded.connection.get(), "\n", {&slave, 1}));
    pair.slave.reset();
    return carry_terminal(upgraded, pair.master.get());
  }

  static int tell(const json::value& end) {
    const int code = static_cast<int>(number_at(end, "exitCode"));
    const std::string error = text_at(end, "error");
    if (!error.empty()) {
      failed(error);
    } else if (code != 0) {
      std::fprintf(stderr, "command terminated with exit code %d\n", code);
    }
    return code;
  }

  Session session_;
  bool has_stdin_ = false, has_terminal_ = false;
  std::string container_;
};

}  // namespace

int exec_command(const Command& command, std::span<const std::string> arguments) {
  return Exec().run(command, arguments);
}

}  // namespace reeve::cli
