// Orphans, many children at once, and what the command leaves behind.
#include "init/behaviours.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdlib>

namespace conformance {
namespace {

constexpr std::size_t orphan_count = 100;

void reaps_orphans(const Program& program) {
  Running init(program, {.command = role({"orphans", std::to_string(orphan_count)})});
  init.expect("ready");
  init.until("100 adopted orphans", [&] { return init.children().size() == orphan_count + 1; });
  if (program.kind != Kind::bad) init.write_input("\n");
  init.until("no zombie", [&] { return init.children().size() == 1; });
}

void outlives_a_storm(const Program& program) {
  const char* asked = std::getenv("REEVE_INIT_ROUNDS");
  const int rounds = asked == nullptr ? 10 : std::atoi(asked);
  Running init(program, {.command = role({"storm", "200", std::to_string(rounds)})});
  for (int i = 0; i < rounds; ++i) {
    init.expect("round");
    init.until("no zombie", [&] { return init.children().size() == 1; });
    init.write_input("\n");
  }
  init.signal(SIGTERM);
  require(init.exit_code() == 128 + SIGTERM, "another exit code after that");
}

void ends_what_is_left(const Program& program) {
  Running init(program, {.command = role({"leave", "polite"})});
  init.expect("left");
  init.close_input();
  init.expect("polite got 15");
  require(init.exit_code() == 3, "another exit code");
}

void kills_what_is_left(const Program& program) {
  const bool has_option = program.kind == Kind::reeve;
  const auto options = has_option ? std::vector<std::string>{"--grace-period=100ms"} : std::vector<std::string>{};
  Running init(program, {.options = options, .command = role({"leave", "stubborn"})});
  init.expect("left");
  init.until("an adopted orphan", [&] { return init.children().size() == 2; });
  const auto all = init.children();
  init.close_input();
  require(init.exit_code() == 3, "another exit code");
  require(std::ranges::none_of(all, is_alive), "it is still there");
}

void leaves_what_is_left(const Program& program) {
  if (program.kind != Kind::reeve && program.kind != Kind::bad) throw NotOffered("it has no choice");
  if (program.as == As::pid_1) throw NotOffered("the kernel ends a namespace with its PID 1");
  Running init(program, {.options = {"--leave-descendants"}, .command = role({"leave", "polite"})});
  init.expect("left");
  init.until("an adopted orphan", [&] { return init.children().size() == 2; });
  const auto all = init.children();
  init.close_input();
  require(init.exit_code() == 3, "another exit code");
  require(std::ranges::count_if(all, is_alive) == 1, "it was ended");
}

void says_what_it_reaped(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no -w");
  Running init(program, {.options = {"-w"}, .command = role({"orphans", "3"})});
  init.expect("ready");
  init.until("adopted orphans", [&] { return init.children().size() == 4; });
  if (program.kind != Kind::bad) init.write_input("\n");
  init.until("no zombie", [&] { return init.children().size() == 1; });
  init.signal(SIGTERM);
  init.exit_code();
  require(init.errors().find("eaped") != std::string::npos, "nothing was said");
}

const Behaviour behaviours[] = {
    {"reaps 100 orphans", reaps_orphans},
    {"200 children at once, many times", outlives_a_storm},
    {"says what it reaped (-w)", says_what_it_reaped},
    {"SIGTERM to what the command leaves behind", ends_what_is_left},
    {"SIGKILL after the grace, exit code kept", kills_what_is_left},
    {"leaves it alone when told to", leaves_what_is_left},
};

}  // namespace

std::span<const Behaviour> process_behaviours() { return behaviours; }

}  // namespace conformance
