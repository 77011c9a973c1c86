#pragma once
// Runs one program as an init, as PID 1 or as a subreaper, and looks at it from outside.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace conformance {

// A behaviour that is not as it should be, and why.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// A behaviour that a program does not offer.
struct NotOffered : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(bool is_so, const std::string& otherwise);

enum class Kind { reeve, tini, dumb_init, catatonit, bad };
enum class As { pid_1, subreaper };

struct Program {
  std::string name;
  Kind kind;
  As as;
  std::vector<std::string> argv;    // up to the command
  std::chrono::milliseconds limit;  // for whatever is waited for
};

// -e, -p, -w and the TINI_ variables.
bool has_tini_options(const Program& program);

// This program, which plays the commands too.
const std::string& own_path();
std::vector<std::string> role(std::vector<std::string> words);

struct Launch {
  std::vector<std::string> options{};
  std::vector<std::string> command{};
  std::function<void()> before_exec = [] {};  // in the process that becomes the init
  int terminal = -1;                          // becomes standard input and error, and the controlling terminal
  bool below_shell = false;                   // under a shell with job control, at that terminal
};

class Running {
 public:
  Running(const Program& program, const Launch& launch);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

  pid_t init() const { return init_; }
  pid_t command() const;                // the first child of the init, once there is one
  std::vector<pid_t> children() const;  // of the init, zombies too
  void signal(int number) const;        // to the init
  void write_input(const std::string& text) const;
  void close_input();
  void tell_shell() const;  // to bring its job to the foreground
  std::string line();       // the next of standard output; empty at its end
  void expect(const std::string& line);
  std::string errors();  // all of standard error, after the end
  int exit_code();       // waits; -n for death by signal n
  bool has_ended();
  bool output_is_at_end();  // waits until it is, or for something to read
  void until(const std::string& what, const std::function<bool()>& condition) const;

 private:
  void become_init(const Program& program, const Launch& launch, int input, int output, int error, int told);
  bool readable_within_limit(int fd) const;

  std::chrono::milliseconds limit_;
  pid_t init_ = 0;
  bool reaped_ = false;
  int status_ = 0;
  int input_ = -1, output_ = -1, error_ = -1, shell_ = -1;
  std::string buffer_;
};

char state_of(pid_t pid);  // 'R', 'S', 'T', 'Z', or 0 when it is gone
bool is_alive(pid_t pid);  // neither gone nor a zombie
std::vector<pid_t> children_of(pid_t pid);
// Ends everything that is left of what this process started.
void end_leftovers();

}  // namespace conformance
