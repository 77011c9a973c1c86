// reeve kubeconfig.
#include "cli/commands.hpp"
#include "cli/json.hpp"
#include "cli/session.hpp"

#include <reeve/cli/cli.hpp>

#include <cstdio>

namespace reeve::cli {

int kubeconfig_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  const Arguments read = read_arguments(command, arguments, session.options({}));
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty()) return misused(command, "it takes no arguments");
  const auto status = session.get("/apis/reeve.dev/v1/status");
  if (!status) return refused(status.error());
  const std::string url = text_at(*status, "api");
  if (url.empty()) {
    return failed(
        "this reeve does not serve its API over TCP: start it with --api 127.0.0.1:8011, or write api = "
        "\"127.0.0.1:8011\" under [supervisor]");
  }
  // No secret is in it: who asks is told by the kernel.
  std::printf(
      "apiVersion: v1\nkind: Config\ncurrent-context: reeve\n"
      "clusters:\n- name: reeve\n  cluster:\n    server: %s\n"
      "users:\n- name: reeve\n  user: {}\n"
      "contexts:\n- name: reeve\n  context:\n    cluster: reeve\n    user: reeve\n    namespace: %s\n",
      url.c_str(), session.name_space().c_str());
  return exit_done;
}

}  // namespace reeve::cli
