#include "cli/commands.hpp"

#include "cli/usage.hpp"

#include <reeve/api/server.hpp>
#include <reeve/cli/cli.hpp>
#include <reeve/config/explain.hpp>
#include <reeve/config/load.hpp>
#include <reeve/core/validate.hpp>
#include <reeve/runtime/run.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

namespace reeve::cli {
namespace {

// What run and check take alike. Holds an exit code instead where there is nothing more to do.
struct FilesAsked {
  std::vector<std::string> files;
  std::optional<int> exit_code;
};

FilesAsked read_files_option(const Command& command, std::span<const std::string> arguments,
                             std::vector<Option> more = {}) {
  FilesAsked asked;
  more.insert(more.begin(),
              texts("-f", "--file", "FILE|DIR", "TOML or Kubernetes manifests; may be given again; - is standard input",
                    asked.files));
  const Arguments read = read_arguments(command, arguments, std::move(more));
  if (read.exit_code) {
    asked.exit_code = read.exit_code;
  } else if (!read.words.empty()) {
    asked.exit_code = misused(command, "unexpected argument \"" + read.words.front() + "\": files are named by -f");
  }
  return asked;
}

// A reeve that cannot be asked still supervises.
std::shared_ptr<void> serve_api(runtime::Host& host, const std::string& asked) {
  const bool has_socket = host.settings().socket != "";
  const std::string address = asked.empty() ? host.settings().api : asked;
  if (!has_socket && address.empty()) return nullptr;
  auto server = std::make_shared<api::Server>(host);
  const auto warn = [&](const Error& error) { host.warn("the control API is not served: " + error.message()); };
  if (has_socket) {
    if (const auto heard = server->listen_unix(); !heard) warn(heard.error());
  }
  if (!address.empty()) {
    if (const auto heard = server->listen_tcp(address); !heard) warn(heard.error());
  }
  return server;
}

}  // namespace

int run_command(const Command& command, std::span<const std::string> arguments) {
  std::string api;
  FilesAsked asked =
      read_files_option(command, arguments,
                        {text("", "--api", "ADDRESS",
                              "serve the control API over TCP too, for kubectl: 127.0.0.1:PORT or [::1]:PORT", api)});
  if (asked.exit_code) return *asked.exit_code;
  if (asked.files.empty() && api.empty()) return misused(command, "no file given");
  if (!api.empty()) {
    if (const std::string fault = api_address_fault(api); !fault.empty()) {
      return misused(command, "--api " + api + ": " + fault);
    }
  }
  return runtime::run({std::move(asked.files), [&](runtime::Host& host) { return serve_api(host, api); }});
}

int check_command(const Command& command, std::span<const std::string> arguments) {
  const FilesAsked asked = read_files_option(command, arguments);
  if (asked.exit_code) return *asked.exit_code;
  if (asked.files.empty()) return misused(command, "no file given");
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
  bool is_recursive = false;
  const Arguments read = read_arguments(command, arguments,
                                        {flag("", "--recursive", "also the fields of all tables below", is_recursive)});
  if (read.exit_code) return *read.exit_code;
  if (read.words.size() != 1) return misused(command, "name one field");
  const auto text =
      is_recursive ? config::explain_recursively(read.words.front()) : config::explain(read.words.front());
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
