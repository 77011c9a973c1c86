// Exit codes, what cannot be executed, input and output, descriptors.
#include "init/behaviours.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace conformance {
namespace {

void require_code(int code, int wanted, const std::string& when) {
  require(code == wanted, when + ": " + std::to_string(code) + " instead of " + std::to_string(wanted));
}

void all_exit_codes(const Program& program) {
  for (int code = 0; code < 256; ++code) {
    Running init(program, {.command = role({"exit", std::to_string(code)})});
    require_code(init.exit_code(), code, "exit code");
  }
}

void deaths_by_signal(const Program& program) {
  for (const int each :
       {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM}) {
    Running init(program, {.command = role({"die", std::to_string(each)})});
    require_code(init.exit_code(), 128 + each, "death by signal " + std::to_string(each));
  }
}

void remaps(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no -e");
  const auto code_of = [&](std::vector<std::string> options, std::vector<std::string> words) {
    return Running(program, {.options = std::move(options), .command = role(std::move(words))}).exit_code();
  };
  require_code(code_of({"-e", "7", "-e", "143"}, {"exit", "7"}), 0, "-e 7, exit 7");
  require_code(code_of({"-e", "7", "-e", "143"}, {"die", "15"}), 0, "-e 143, death by 15");
  require_code(code_of({"-e143"}, {"exit", "8"}), 8, "-e143, exit 8");
}

// A file that cannot be executed, gone with this.
class OddFile {
 public:
  OddFile(const std::string& content, mode_t mode) {
    const int fd = ::mkstemp(path_.data());
    require(fd >= 0 && ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
            "cannot write " + path_);
    ::fchmod(fd, mode);
    ::close(fd);
  }
  OddFile(const OddFile&) = delete;
  OddFile& operator=(const OddFile&) = delete;
  ~OddFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/var/tmp/reeve-init-XXXXXX";
};

void refuses(const Program& program, const std::string& command, int code, const std::string& cause) {
  Running init(program, {.command = {command}});
  require_code(init.exit_code(), code, command);
  const std::string told = init.errors();
  require(told.find(command) != std::string::npos && told.find(cause) != std::string::npos,
          "said \"" + told + "\" about " + command);
}

void nothing_to_execute(const Program& program) {
  refuses(program, "/nowhere/at/all", 127, "No such file or directory");
  refuses(program, "no-such-command", 127, "No such file or directory");
}

void not_executable(const Program& program) {
  const OddFile text("text", 0644);
  refuses(program, text.path(), 126, "Permission denied");
  refuses(program, "/var/tmp", 126, "");
}

void lost_interpreter(const Program& program) {
  const OddFile script("#!/nowhere/at/all\n", 0755);
  refuses(program, script.path(), 126, "interpreter");
}

void standard_input(const Program& program) {
  Running init(program, {.command = role({"cat"})});
  const std::string text(50'000, 'x');
  init.write_input(text + "\n");
  init.close_input();
  require(init.line() == text, "input came out different");
  require_code(init.exit_code(), 0, "cat");
}

void pipes_let_go(const Program& program) {
  Running init(program, {.command = role({"let-go"})});
  init.expect("ready");
  init.write_input("\n");
  require(init.output_is_at_end(), "standard output stays open after the command closed it");
  ::signal(SIGPIPE, SIG_IGN);
  init.until("a broken pipe at the command's closed input", [&] {
    try {
      init.write_input("x");
      return false;
    } catch (const Wrong&) {
      return true;
    }
  });
}

std::vector<std::string> open_in(pid_t pid) {
  std::vector<std::string> open;
  for (int fd = 3; fd < 256; ++fd) {
    struct stat status {};
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    if (::lstat(path.c_str(), &status) == 0) open.push_back(std::to_string(fd));
  }
  return open;
}

void leak_two() {
  ::dup2(STDERR_FILENO, 7);
  ::dup2(STDERR_FILENO, 100);
}

void holds_nothing(const Program& program) {
  Running init(program, {.command = role({"wait"}), .before_exec = leak_two});
  init.expect("ready");
  // What it opened for itself is not inherited: catatonit keeps a signalfd.
  init.until("an init that let go of 7 and 100", [&] {
    for (const std::string& each : open_in(init.init())) {
      if (each == "7" || each == "100") return false;
    }
    return true;
  });
}

void passes_nothing(const Program& program) {
  if (program.kind != Kind::reeve && program.kind != Kind::bad) throw NotOffered("passes on what it got");
  Running init(program, {.command = role({"descriptors"}), .before_exec = leak_two});
  init.expect("open 0 1 2");
  if (program.kind == Kind::bad) return;
  Running all(program, {.options = {"--keep-descriptors"}, .command = role({"descriptors"}), .before_exec = leak_two});
  all.expect("open 0 1 2 7 100");
}

void passes_sockets(const Program& program) {
  const auto pass_two = [] {
    ::dup2(STDERR_FILENO, 3);
    ::dup2(STDERR_FILENO, 4);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  };
  Running init(program, {.command = role({"descriptors"}), .before_exec = pass_two});
  init.expect("open 0 1 2 3 4, for us");
}

// What an init says that is neither PID 1 nor a subreaper, with these TINI_ variables.
std::string said_plainly(const Program& program, const std::string& name, const std::string& value) {
  Program plain = program;
  plain.as = As::subreaper;
  std::erase(plain.argv, "-s");
  Running init(plain, {.command = role({"exit", "0"}), .before_exec = [&] {
                         if (!name.empty()) ::setenv(name.c_str(), value.c_str(), 1);
                       }});
  require_code(init.exit_code(), 0, "TINI_ variables");
  return init.errors();
}

void warns_unless_told(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no TINI_ variables");
  require(!said_plainly(program, "", "").empty(), "no warning where it adopts nothing");
  require(said_plainly(program, "TINI_SUBREAPER", "").empty(), "a warning with TINI_SUBREAPER");
  require(said_plainly(program, "TINI_VERBOSITY", "0").empty(), "a warning with TINI_VERBOSITY=0");
}

void misuse(const Program& program) {
  if (program.kind != Kind::reeve && program.kind != Kind::bad) throw NotOffered("reeve's own exit codes");
  const std::vector<std::vector<std::string>> wrong{
      {"-e", "256"}, {"-e", "x"}, {"-p", "SIGNOTHING"}, {"--grace-period=-1s"}, {"--grace-period=soon"}, {"-x"}};
  for (const auto& each : wrong) {
    Running init(program, {.options = each, .command = role({"exit", "0"})});
    require_code(init.exit_code(), 2, each.front());
    require(init.errors().find("usage: reeve init") != std::string::npos, "not told how it is used");
  }
}

const Behaviour behaviours[] = {
    {"exit codes 0 to 255", all_exit_codes},
    {"128 + n after death by signal n", deaths_by_signal},
    {"exit codes told as 0 (-e)", remaps},
    {"warns where it adopts nothing (TINI_ variables)", warns_unless_told},
    {"2 and the cause: wrong options", misuse},
    {"127 and the cause: no such command", nothing_to_execute},
    {"126 and the cause: not executable", not_executable},
    {"126 and the cause: no interpreter", lost_interpreter},
    {"standard input is the command's", standard_input},
    {"holds no end of the command's pipes", pipes_let_go},
    {"holds no inherited descriptor", holds_nothing},
    {"passes no inherited descriptor on", passes_nothing},
    {"passes sockets on (LISTEN_FDS, LISTEN_PID)", passes_sockets},
};

}  // namespace

std::span<const Behaviour> exit_behaviours() { return behaviours; }

}  // namespace conformance
