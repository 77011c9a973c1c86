// reeve init: PID 1 for one command, with tini's options and environment.
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/core/signal_names.hpp>
#include <reeve/linux/init.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace reeve::cli {
namespace {

constexpr const char* license =
    "reeve " REEVE_VERSION
    " is free software under the Apache License, Version 2.0:\nhttps://www.apache.org/licenses/LICENSE-2.0\n";

constexpr int exit_codes = 256;

// The options as they are written.
struct Written {
  linux::InitOptions init;
  std::vector<std::string> codes;
  std::string parent_death_signal, grace = "5s";
  bool wants_license = false;
};

Option repeated_flag(std::string_view short_name, std::string_view long_name, std::string_view doc, int& count) {
  return {short_name, long_name, "", doc, [&count](const std::string& value) { count += value == "true" ? 1 : 0; }};
}

std::vector<Option> options_into(Written& written) {
  linux::InitOptions& init = written.init;
  return {
      flag("-s", "--subreaper", "adopt orphans without being PID 1 (also: TINI_SUBREAPER is set)",
           init.becomes_subreaper),
      flag("-g", "--group", "pass signals on to the command's process group (also: TINI_KILL_PROCESS_GROUP is set)",
           init.signals_group),
      texts("-e", "--expect", "CODE", "an exit code of the command to tell as 0; may be given again", written.codes),
      text("-p", "--parent-death", "SIGNAL", "the command gets this signal when the parent of reeve init ends",
           written.parent_death_signal),
      text("", "--grace-period", "DURATION",
           "what the command leaves behind gets SIGTERM, and SIGKILL after this time (5s)", written.grace),
      flag("", "--leave-descendants", "do not end what the command leaves behind", init.leaves_descendants),
      flag("", "--keep-descriptors", "the command gets every open descriptor, not only 0 to 2 and LISTEN_FDS",
           init.keeps_descriptors),
      repeated_flag("-v", "--verbose", "say what happens, twice: every signal (also: TINI_VERBOSITY, 1 is usual)",
                    init.verbosity),
      flag("-w", "--warn-reaped", "say which orphans were reaped", init.tells_reaped),
      flag("-l", "--license", "print the license", written.wants_license),
  };
}

// A variable that is there counts, whatever its value, as for tini.
Result<void> read_environment(linux::InitOptions& init) {
  if (std::getenv("TINI_SUBREAPER") != nullptr) init.becomes_subreaper = true;
  if (std::getenv("TINI_KILL_PROCESS_GROUP") != nullptr) init.signals_group = true;
  const char* verbosity = std::getenv("TINI_VERBOSITY");
  if (verbosity == nullptr) return {};
  REEVE_TRY(const std::int64_t level,
            parse_integer(verbosity).map_error([](Error error) { return std::move(error).within("TINI_VERBOSITY"); }));
  init.verbosity = static_cast<int>(std::clamp<std::int64_t>(level, 0, 3));
  return {};
}

Result<void> understand(Written& written) {
  for (const std::string& each : written.codes) {
    const auto code = parse_integer(each);
    if (!code || *code < 0 || *code >= exit_codes) return fail("-e " + each + " is no exit code: write 0 to 255");
    written.init.codes_to_0.set(static_cast<std::size_t>(*code));
  }
  if (!written.parent_death_signal.empty()) {
    const auto number = signal_number(written.parent_death_signal);
    if (!number) return fail("-p " + written.parent_death_signal + " is no signal: write SIGTERM");
    written.init.parent_death_signal = *number;
  }
  REEVE_TRY(written.init.grace, parse_duration(written.grace));
  if (written.init.grace < Duration{0}) return fail("--grace-period cannot be negative");
  return read_environment(written.init);
}

}  // namespace

int init_command(const Command& command, std::span<const std::string> arguments) {
  Written written;
  Arguments read = read_arguments(command, arguments, options_into(written), OptionsEnd::at_first_word);
  if (read.exit_code) return *read.exit_code;
  if (written.wants_license) {
    std::fputs(license, stdout);
    return exit_done;
  }
  if (const auto understood = understand(written); !understood) return misused(command, understood.error().message());
  if (read.words.empty()) return misused(command, "name the command to run");
  written.init.command = std::move(read.words);
  return linux::run_init(written.init);
}

}  // namespace reeve::cli
