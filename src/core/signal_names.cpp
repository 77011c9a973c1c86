#include <reeve/core/signal_names.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <iterator>
#include <utility>

namespace reeve {
namespace {

constexpr std::pair<std::string_view, int> plain[] = {
    {"SIGABRT", SIGABRT},   {"SIGALRM", SIGALRM}, {"SIGBUS", SIGBUS},   {"SIGCHLD", SIGCHLD}, {"SIGCONT", SIGCONT},
    {"SIGFPE", SIGFPE},     {"SIGHUP", SIGHUP},   {"SIGILL", SIGILL},   {"SIGINT", SIGINT},   {"SIGIO", SIGIO},
    {"SIGIOT", SIGABRT},    {"SIGKILL", SIGKILL}, {"SIGPIPE", SIGPIPE}, {"SIGPOLL", SIGPOLL}, {"SIGPROF", SIGPROF},
    {"SIGPWR", SIGPWR},     {"SIGQUIT", SIGQUIT}, {"SIGSEGV", SIGSEGV}, {"SIGSTKFLT", 16},    {"SIGSTOP", SIGSTOP},
    {"SIGSYS", SIGSYS},     {"SIGTERM", SIGTERM}, {"SIGTRAP", SIGTRAP}, {"SIGTSTP", SIGTSTP}, {"SIGTTIN", SIGTTIN},
    {"SIGTTOU", SIGTTOU},   {"SIGURG", SIGURG},   {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGVTALRM", SIGVTALRM},
    {"SIGWINCH", SIGWINCH}, {"SIGXCPU", SIGXCPU}, {"SIGXFSZ", SIGXFSZ}, {"SIGCLD", SIGCHLD},
};
// Of the kernel's real-time signals glibc keeps the first two.
constexpr int rt_min = 34, rt_max = 64, rt_half = 15;

std::optional<int> offset(std::string_view text, char sign, int most) {
  if (text.empty()) return 0;
  int number = 0;
  if (text.front() != sign) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  const bool is_number = error == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= most;
  return is_number ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<int> signal_number(std::string_view name) {
  constexpr std::string_view first = "SIGRTMIN", last = "SIGRTMAX";
  if (name.starts_with(first)) {
    const auto more = offset(name.substr(first.size()), '+', rt_half);
    return more ? std::optional(rt_min + *more) : std::nullopt;
  }
  if (name.starts_with(last)) {
    const auto less = offset(name.substr(last.size()), '-', rt_half - 1);
    return less ? std::optional(rt_max - *less) : std::nullopt;
  }
  const auto found = std::ranges::find(plain, name, &std::pair<std::string_view, int>::first);
  return found == std::end(plain) ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> signal_names() {
  std::vector<std::string> names;
  for (const auto& [name, number] : plain) names.emplace_back(name);
  names.insert(names.end(), {"SIGRTMIN", "SIGRTMAX"});
  return names;
}

}  // namespace reeve
