#include "cli/commands.hpp"

#include "cli/options.hpp"

#include <reeve/api/server.hpp>
#include <reeve/cli/cli.hpp>
#include <reeve/config/explain.hpp>
#include <reeve/config/load.hpp>
#include <reeve/runtime/run.hpp>

#include <cstdio>
#include <optional>
#include <vector>

namespace reeve::cli {
namespace {

int misused(const Command& command, const std::string& what) {
  const std::string name(command.name);
  std::fprintf(stderr, "reeve %s: %s\nusage: reeve %s %s\n", name.c_str(), what.c_str(), name.c_str(),
               std::string(command.usage).c_str());
  return exit_mistakes;
}

int print_help(const Command& command, std::span<const Option> options) {
  std::printf("usage: reeve %s %s\n\n%s\n\n%s", std::string(command.name).c_str(), std::string(command.usage).c_str(),
              std::string(command.doc).c_str(), describe_options(options).c_str());
  return exit_done;
}

// What run and check take alike. Holds an exit code instead where there is nothing more to do.
struct FilesAsked {
  std::vector<std::string> files;
  std::optional<int> exit_code;
};

FilesAsked read_files_option(const Command& command, std::span<const std::string> arguments) {
  FilesAsked asked;
  bool wants_help = false;
  const std::vector<Option> options{
      {"-f", "--file", "FILE|DIR", "TOML or Kubernetes manifests; may be given again; - is standard input",
       [&](std::string value) { asked.files.push_back(std::move(value)); }},
      {"-h", "--help", "", "this help", [&](const std::string&) { wants_help = true; }}};
  const auto others = read_options(arguments, options);
  if (wants_help) {
    asked.exit_code = print_help(command, options);
  } else if (!others) {
    asked.exit_code = misused(command, others.error().message());
  } else if (!others->empty()) {
    asked.exit_code = misused(command, "unexpected argument \"" + others->front() + "\": files are named by -f");
  } else if (asked.files.empty()) {
    asked.exit_code = misused(command, "no file given");
  }
  return asked;
}

// A reeve that cannot be asked still supervises.
std::shared_ptr<void> serve_api(runtime::Host& host) {
  const std::string path = api::socket_path(host.settings());
  if (path.empty()) return nullptr;
  auto server = api::Server::start(host, path);
  if (server) return std::shared_ptr<api::Server>(*std::move(server));
  host.warn("the control API is not served: " + server.error().message());
  return nullptr;
}

}  // namespace

int run_command(const Command& command, std::span<const std::string> arguments) {
  FilesAsked asked = read_files_option(command, arguments);
  if (asked.exit_code) return *asked.exit_code;
  return runtime::run({std::move(asked.files), serve_api});
}

int check_command(const Command& command, std::span<const std::string> arguments) {
  const FilesAsked asked = read_files_option(command, arguments);
  if (asked.exit_code) return *asked.exit_code;
  const auto loaded = config::load(asked.files);
  if (!loaded) {
    for (const auto& each : loaded.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
    return exit_mistakes;
  }
  for (const auto& each : loaded->objects) {
    const ObjectRef name = ref_of(each.object);
    std::printf("%s:%d: %s \"%s\" is fine\n", each.file.c_str(), each.line, std::string(kind_name(name.kind)).c_str(),
                name.name.c_str());
  }
  return exit_done;
}

int explain_command(const Command& command, std::span<const std::string> arguments) {
  bool wants_help = false;
  const std::vector<Option> options{{"-h", "--help", "", "this help", [&](const std::string&) { wants_help = true; }}};
  const auto others = read_options(arguments, options);
  if (wants_help) return print_help(command, options);
  if (!others) return misused(command, others.error().message());
  if (others->size() != 1) return misused(command, "name one field");
  const auto text = config::explain(others->front());
  if (!text) {
    std::fprintf(stderr, "reeve explain: %s\n", text.error().message().c_str());
    return exit_failed;
  }
  std::fputs(text->c_str(), stdout);
  return exit_done;
}

int version_command(const Command& command, std::span<const std::string> arguments) {
  if (!arguments.empty()) return misused(command, "it takes no arguments");
  std::puts("reeve " REEVE_VERSION);
  return exit_done;
}

}  // namespace reeve::cli
