// The terminal: who is its foreground, Ctrl-C, Ctrl-Z.
#include "init/behaviours.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

namespace conformance {
namespace {

class Terminal {
 public:
  Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    require(master_ >= 0 && ::grantpt(master_) == 0 && ::unlockpt(master_) == 0, "cannot make a terminal");
    slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    require(slave_ >= 0, "cannot open a terminal");
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    ::close(slave_);
    ::close(master_);
  }
  int slave() const { return slave_; }
  void press(char key) const { require(::write(master_, &key, 1) == 1, "cannot press a key"); }

 private:
  int master_, slave_ = -1;
};

constexpr char ctrl_c = 3, ctrl_z = 26;

// As PID 1 an init leads the session, as in a container; else it is a job of a shell.
Launch at(const Terminal& terminal, const Program& program) {
  return {.command = role({"terminal"}), .terminal = terminal.slave(), .below_shell = program.as == As::subreaper};
}

void is_foreground(const Program& program) {
  const Terminal terminal;
  Running init(program, at(terminal, program));
  init.expect("foreground");
}

void interrupt(const Program& program) {
  const Terminal terminal;
  Running init(program, at(terminal, program));
  init.line();
  for (int i = 0; i < 3; ++i) {
    terminal.press(ctrl_c);
    init.expect("interrupted");  // once
  }
}

void is_never_stuck(const Program& program) {
  if (program.as == As::subreaper) throw NotOffered("there is a shell");
  const Terminal terminal;
  Running init(program, at(terminal, program));
  init.line();
  terminal.press(ctrl_z);
  terminal.press(ctrl_c);
  for (std::string line = init.line(); line != "interrupted"; line = init.line()) {
    require(line == "goes on in the foreground", line);
  }
}

void is_a_job(const Program& program) {
  if (program.as == As::pid_1) throw NotOffered("no signal stops PID 1");
  const Terminal terminal;
  Running shell(program, at(terminal, program));
  shell.expect("foreground");
  for (int i = 0; i < 3; ++i) {
    terminal.press(ctrl_z);
    shell.expect("job stopped");
    shell.tell_shell();
    shell.expect("goes on in the foreground");
  }
  terminal.press(ctrl_c);
  shell.expect("interrupted");
}

void gives_back(const Program& program) {
  if (program.as == As::pid_1) throw NotOffered("nobody is left to have it");
  const Terminal terminal;
  Launch launch = at(terminal, program);
  launch.command = role({"exit", "4"});
  Running shell(program, launch);
  shell.expect("job ended, the terminal was its own");
  require(shell.exit_code() == 4, "another exit code");
}

const Behaviour behaviours[] = {
    {"the command is the terminal's foreground", is_foreground},
    {"Ctrl-C reaches the command, once", interrupt},
    {"Ctrl-Z without a shell stops nothing for good", is_never_stuck},
    {"Ctrl-Z and fg, as any job of a shell", is_a_job},
    {"gives the terminal back", gives_back},
};

}  // namespace

std::span<const Behaviour> terminal_behaviours() { return behaviours; }

}  // namespace conformance
