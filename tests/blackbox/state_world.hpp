#pragma once
// A reeve whose state outlives it, as it is killed and started again.

#include <blackbox/api_client.hpp>
#include <blackbox/support.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace reeve::test {

class StateWorld {
 public:
  // The files from the next start or reload on, but for [supervisor].
  void write(const std::string& text) const;
  void start();
  void kill();  // -9, and waits for its end
  void restart() {
    kill();
    start();
  }
  void reload();

  Finished run(std::vector<std::string> arguments, const std::string& input = {}) const;
  ApiClient client() const { return ApiClient(scratch.file("s")); }
  Answer ask(const std::string& method, const std::string& path, const std::string& body = {}) const;
  Answer patch(const std::string& path, const std::string& body) const;
  // Null: there is no such thing.
  boost::json::value get(const std::string& path) const;
  boost::json::value status() const { return get("/apis/reeve.dev/v1/status"); }

  std::string state_file() const { return scratch.file("state") + "/state.json"; }
  std::vector<std::string> state_directory() const;  // the names in it

  Scratch scratch;
  RunSettings settings;  // of the next start
  std::optional<Reeve> reeve;
};

inline const std::string deployments_path = "/apis/apps/v1/namespaces/default/deployments";
inline const std::string pods_path = "/api/v1/namespaces/default/pods";
inline const std::string merge_patch = "Content-Type: application/merge-patch+json\r\n";

// A value deep in an object, by JSON pointer; null where there is none.
boost::json::value at(const boost::json::value& json, const std::string& pointer);

}  // namespace reeve::test
