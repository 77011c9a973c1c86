#pragma once
// Runs the real binary and looks at it from outside. Everything waits for a condition, with a generous ceiling.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::test {

using Millis = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr Millis ceiling{20'000};

// True as soon as the condition holds; false if it does not within the limit.
bool eventually(const std::function<bool()>& condition, Millis limit = ceiling);

// A directory of its own outside /tmp, which pods do not see; gone with the object.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string write(const std::string& name, const std::string& text) const;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // The behaviour program, under a name that no other test's processes have.
  std::string behave() const { return file(behave_name_); }
  const std::string& behave_name() const { return behave_name_; }

 private:
  std::string path_;
  std::string behave_name_;
};

struct RunSettings {
  uid_t uid = 0;
  bool with_terminal = false;
};

// A running `reeve`. Killed with all it started when the object goes.
class Reeve {
 public:
  using Settings = RunSettings;
  explicit Reeve(std::vector<std::string> arguments, Settings settings = {});
  ~Reeve();
  Reeve(const Reeve&) = delete;
  Reeve& operator=(const Reeve&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;

  // All that it printed until now, standard output and error.
  std::string output();
  bool prints(const std::string& text, Millis limit = ceiling);
  std::size_t count(const std::string& text);
  bool prints_times(const std::string& text, std::size_t times, Millis limit = ceiling);

  // The exit code, 128 + signal, or nothing if it still runs then.
  std::optional<int> wait(Millis limit = ceiling);

 private:
  void read_output();

  pid_t pid_ = -1;
  int output_fd_ = -1;
  std::string output_;
  std::optional<int> exit_code_;
};

struct Finished {
  int code = 0;
  std::string output;
};

// Runs a command of reeve to its end, with text on its standard input.
Finished run_to_end(std::vector<std::string> arguments, const std::string& input = {});

// The pids of all processes whose command has this name (/proc/PID/comm).
std::vector<pid_t> processes_named(const std::string& name);

enum class Connected { yes, refused, failed };
Connected try_connect(int port, const std::string& host = "127.0.0.1");

// The status and body of a GET, or what went wrong as status 0.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer http_get(int port, const std::string& path, const std::string& host = "127.0.0.1");

// A port nobody uses right now.
int free_port();

}  // namespace reeve::test
