#pragma once
// Runs the real binary and looks at it from outside. Everything waits for a condition, with a generous ceiling.

#include <sys/resource.h>
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

constexpr uid_t nobody = 65534;

struct RunSettings {
  uid_t uid = 0;
  rlim_t descriptors = 0;                     // RLIMIT_NOFILE; 0 leaves it
  rlim_t processes = 0;                       // RLIMIT_NPROC, which root is not held to
  std::vector<std::string> environment = {};  // "NAME=value", besides ours
  // Descriptors that it finds from 3 on, as systemd passes them, and their names divided by colons.
  std::vector<int> passed = {};
  std::string passed_names = {};
  bool without_namespaces = false;  // clone3 answers ENOSYS and a clone with new namespaces EPERM, as in a container
};

// What must hold with every right and with none.
void check_as_both(const std::function<void(RunSettings)>& scenario);

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
  bool has_ended();

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

std::string quoted(const std::string& text);

// "command = [...]" that runs behave with these flags.
std::string command_line(const Scratch& scratch, const std::vector<std::string>& flags);

// A pod table of one container that runs behave with these flags; `more` are further lines of it.
std::string pod(const Scratch& scratch, const std::string& name, const std::vector<std::string>& flags,
                const std::string& more = {});

// The pids of all processes whose command has this name (/proc/PID/comm).
std::vector<pid_t> processes_named(const std::string& name);

// The pids of all processes whose command line holds this text; a tiny init has reeve's own.
std::vector<pid_t> processes_mentioning(const std::string& text);

// Neither a program nor a tiny init of this scratch directory is left.
bool nothing_left(const Scratch& scratch, Millis limit = Millis(1000));

// A service that begins to refuse keeps those silent who come in the very instant, until their kernel asks again a
// second later: `silent` after 200 ms.
enum class Connected { yes, refused, silent, failed };
Connected try_connect(int port, const std::string& host = "127.0.0.1");

// The status and body of a GET, or what went wrong as status 0.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer http_get(int port, const std::string& path, const std::string& host = "127.0.0.1");

// One connection, spoken by hand.
class Client {
 public:
  explicit Client(int port, const std::string& host = "127.0.0.1");
  explicit Client(const std::string& unix_path);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int connect_error() const { return connect_error_; }  // 0: connected
  bool send(const std::string& text) const;
  void half_close() const;
  void reset();

  // Reads until the end, an error or for five seconds in vain; read_error is then 0, or the errno.
  std::string read_to_end();
  int read_error() const { return read_error_; }

 private:
  int fd_ = -1;
  int connect_error_ = 0;
  int read_error_ = 0;
};

// A port nobody uses right now.
int free_port();

}  // namespace reeve::test
