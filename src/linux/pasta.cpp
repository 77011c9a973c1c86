#include <reeve/linux/pasta.hpp>

#include <algorithm>
#include <initializer_list>

namespace reeve::linux {
namespace {

constexpr const char* forwarded_resolver = "169.254.1.1";

// The address in "nameserver 127.0.0.53", or nothing.
std::string_view nameserver_in(std::string_view line) {
  constexpr std::string_view keyword = "nameserver";
  if (!line.starts_with(keyword)) return {};
  line.remove_prefix(keyword.size());
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == 0 || begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t#;"));
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

ProcessSpec pasta_process(const Sandbox& sandbox) {
  ProcessSpec process;
  process.isolation = Isolation::none;
  process.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  process.argv = {"pasta", "--foreground", "--quiet", "--config-net", "--no-map-gw"};
  const auto add = [&](std::initializer_list<const char*> words) {
    process.argv.insert(process.argv.end(), words.begin(), words.end());
  };
  add({"--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none"});
  add({"--dns-forward", forwarded_resolver, "--pid", "/dev/stdout"});
  if (const auto keeper = sandbox.keeper()) {
    // As we are: in the user namespace it has all it needs.
    const std::string namespaces = "/proc/" + std::to_string(*keeper) + "/ns/";
    process.argv.insert(process.argv.end(), {"--userns", namespaces + "user", "--netns", namespaces + "net"});
  } else {
    // As nobody it could not enter a network of root's. It keeps two capabilities, in an empty root directory and under
    // a filter. Too few to look at others by /proc: the network is its standard input.
    add({"--runas", "0", "--netns", "/proc/self/fd/0"});
    process.stdin_fd = sandbox.network_namespace();
  }
  return process;
}

std::string resolv_conf_inside(std::string_view of_host) {
  std::string kept;
  bool has_resolver = false;
  while (!of_host.empty()) {
    const std::string_view line = of_host.substr(0, of_host.find('\n'));
    of_host.remove_prefix(std::min(line.size() + 1, of_host.size()));
    const std::string_view address = nameserver_in(line);
    if (is_loopback(address)) continue;
    has_resolver = has_resolver || !address.empty();
    kept.append(line).append("\n");
  }
  if (!has_resolver) kept.append("nameserver ").append(forwarded_resolver).append("\n");
  return kept;
}

}  // namespace reeve::linux
