#pragma once
// Clients that ask a service without a pause, and keep count of what they were not told.

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace reeve::test {

enum class Connections {
  one_each,  // every request has a connection of its own; nothing is tried again
  kept       // one connection for all; a request whose connection ended before its answer began is tried once more
};

struct LoadSettings {
  int port = 0;
  Connections way = Connections::one_each;
  int takes_milliseconds = 0;  // a request, at the server
};

// What one client, or all of them, lived through.
struct LoadReport {
  std::uint64_t answered = 0;
  std::vector<std::string> failures;  // in words
  std::set<std::string> unanswered;   // ids of first tries whose connection ended before the answer began
  LoadReport& operator+=(LoadReport other);
};

// So many clients, from its making on until `stop`. Ids are unique in the process.
class Load {
 public:
  Load(int clients, LoadSettings settings);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  std::uint64_t answered() const { return answered_; }
  LoadReport stop();

 private:
  void run(LoadSettings settings, LoadReport& report);

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::vector<std::unique_ptr<LoadReport>> reports_;
  std::vector<std::thread> threads_;
};

}  // namespace reeve::test
