// Commands in running containers: descriptors and terminals, exit codes, and clients that misbehave.
#include <blackbox/api_client.hpp>
#include <blackbox/support.hpp>

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace reeve::test;

namespace {

// A reeve with a socket and these pods, which run.
struct World {
  Scratch scratch;
  std::string socket;
  std::optional<Reeve> reeve;

  explicit World(const std::function<std::string(const Scratch&)>& pods, std::size_t count, RunSettings settings = {},
                 const std::string& more = {})
      : socket(scratch.file("s")) {
    if (settings.uid != 0) BOOST_REQUIRE(::chown(scratch.path().c_str(), settings.uid, settings.uid) == 0);
    const std::string text = "[supervisor]\nsocket = " + reeve::test::quoted(socket) + "\n" + more + pods(scratch);
    reeve.emplace(std::vector<std::string>{"run", "-f", scratch.write("a.toml", text)}, settings);
    BOOST_REQUIRE_MESSAGE(eventually([&] {
                            const std::string said = run({"get", "pods"}).output;
                            std::size_t running = 0;
                            for (std::size_t at = 0; (at = said.find("Running", at)) != std::string::npos; ++at)
                              ++running;
                            return running == count;
                          }),
                          reeve->output());
  }

  // "exec web -- true": what belongs before the dashes comes there.
  std::vector<std::string> words(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin() + 1, {"--socket", socket});
    return arguments;
  }
  Finished run(std::vector<std::string> arguments, const std::string& input = {}) const {
    return run_to_end(words(std::move(arguments)), input);
  }
  std::size_t descriptors() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each :
         std::filesystem::directory_iterator("/proc/" + std::to_string(reeve->pid()) + "/fd"))
      ++count;
    return count;
  }
};

std::string one_pod(const Scratch& scratch) { return pod(scratch, "web", {"--hang"}); }
std::string beside(const Scratch& scratch) { return pod(scratch, "web", {"--hang"}, "isolation = \"none\"\n"); }

bool has(const Finished& finished, const std::string& text) { return finished.output.find(text) != std::string::npos; }

// The reeve command at a terminal of its own.
class AtTerminal {
 public:
  AtTerminal(std::vector<std::string> words, int rows, int columns) {
    const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      const char* const given = std::getenv("REEVE_BINARY");
      words.insert(words.begin(), given != nullptr ? given : REEVE_BINARY_PATH);
      std::vector<char*> pointers;
      for (std::string& each : words) pointers.push_back(each.data());
      pointers.push_back(nullptr);
      ::execv(pointers[0], pointers.data());
      ::_exit(125);
    }
    ::fcntl(master_, F_SETFL, O_NONBLOCK);
    ::tcgetattr(master_, &before_);
  }
  ~AtTerminal() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    ::close(master_);
  }
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;

  bool prints(const std::string& text) {
    return eventually([&] { return output().find(text) != std::string::npos; });
  }
  const std::string& output() {
    char bytes[4096];
    for (ssize_t got; (got = ::read(master_, bytes, sizeof bytes)) > 0;)
      output_.append(bytes, static_cast<std::size_t>(got));
    return output_;
  }
  void type(const std::string& keys) const { BOOST_REQUIRE(::write(master_, keys.data(), keys.size()) > 0); }
  void resize(int rows, int columns) const {
    const winsize size{static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
    ::ioctl(master_, TIOCSWINSZ, &size);
  }
  pid_t pid() const { return pid_; }
  bool is_raw() const { return (settings().c_lflag & (ICANON | ECHO)) == 0; }
  bool is_as_before() const {
    const termios now = settings();
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
  }
  int wait() {
    int status = 0;
    const bool ended = eventually([&] {
      output();
      return ::waitpid(pid_, &status, WNOHANG) == pid_;
    });
    if (!ended) return -1;
    pid_ = -1;
    output();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  termios settings() const {
    termios now{};
    ::tcgetattr(master_, &now);
    return now;
  }
  int master_ = -1;
  pid_t pid_ = -1;
  termios before_{};
  std::string output_;
};

// One byte with these descriptors.
bool pass(int socket, const std::vector<int>& descriptors) {
  char byte = '\n';
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 16)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
    cmsghdr* const item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::memcpy(CMSG_DATA(item), descriptors.data(), sizeof(int) * descriptors.size());
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

std::string read_until(int fd, const std::string& end) {
  std::string text;
  eventually([&] {
    char bytes[4096];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) text.append(bytes, static_cast<std::size_t>(got));
    return got == 0 || text.find(end) != std::string::npos;
  });
  return text;
}

const std::string exec_path = "/api/v1/namespaces/default/pods/web/exec";
const std::string upgrade_headers = "Connection: Upgrade\r\nUpgrade: reeve-exec\r\n";

std::string exec_request(const std::string& query) {
  return "POST " + exec_path + query + " HTTP/1.1\r\nHost: reeve\r\n" + upgrade_headers + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exec)

BOOST_AUTO_TEST_CASE(a_command_runs_in_the_container_and_its_exit_code_is_ours) {
  for (const auto& pods : {one_pod, beside}) {
    const World world(pods, 1);
    const Finished said = world.run({"exec", "web", "--", "sh", "-c", "echo $HOSTNAME-$REEVE_POD_UID; pwd; exit 7"});
    BOOST_TEST(said.code == 7);
    BOOST_TEST(said.output.starts_with("web-"), said.output);
    BOOST_TEST(has(said, "\n/\ncommand terminated with exit code 7\n"), said.output);
    BOOST_TEST(world.run({"exec", "pod/web", "--", "true"}).code == 0);
    BOOST_TEST(world.run({"exec", "web", "--", "sh", "-c", "kill -9 $$"}).code == 137);
    const Finished none = world.run({"exec", "web", "--", "no-such-program"});
    BOOST_TEST(none.code == 127);
    BOOST_TEST(none.output.starts_with("error: cannot execute no-such-program, looked for in PATH "), none.output);
    const Finished refused = world.run({"exec", "web", "--", "/etc/passwd"});
    BOOST_TEST(refused.code == 126);
    BOOST_TEST(refused.output.starts_with("error: cannot execute /etc/passwd: Permission denied"), refused.output);
    BOOST_TEST(has(world.run({"exec", "web"}), "error: you must specify at least one command for the container\n"));
    BOOST_TEST(has(world.run({"exec", "web", "true"}), "error: exec [POD] [COMMAND] is not supported anymore."));
    BOOST_TEST(
        has(world.run({"exec", "nope", "--", "true"}), "Error from server (NotFound): pods \"nope\" not found\n"));
  }
}

BOOST_AUTO_TEST_CASE(input_and_output_are_whole) {
  const World world(one_pod, 1);
  std::string bytes(10'000'000, '\0');
  unsigned state = 1;
  for (char& each : bytes) each = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  const std::string input = world.scratch.write("bytes", bytes);
  const char* const given = std::getenv("REEVE_BINARY");
  const std::string command = std::string(given != nullptr ? given : REEVE_BINARY_PATH) + " exec --socket " +
                              world.socket + " -i web -- cat < " + input + " | cmp - " + input;
  BOOST_TEST(std::system(command.c_str()) == 0);
  // Without -i it reads nothing.
  BOOST_TEST(world.run({"exec", "web", "--", "cat"}, "input").output.empty());
  BOOST_TEST(world.run({"exec", "-i", "web", "--", "cat"}, "input").output == "input");
}

BOOST_AUTO_TEST_CASE(the_container_is_chosen_and_the_default_told) {
  const World world(
      [](const Scratch& scratch) {
        return "[pod.web.containers.a]\n" + command_line(scratch, {"--hang"}) + "env = { WHO = \"a\" }\n" +
               "[pod.web.containers.b]\n" + command_line(scratch, {"--hang"}) + "env = { WHO = \"b\" }\n";
      },
      1);
  BOOST_TEST(world.run({"exec", "web", "--", "sh", "-c", "echo $WHO"}).output ==
             "Defaulted container \"a\" out of: a, b\na\n");
  BOOST_TEST(world.run({"exec", "-c", "b", "web", "--", "sh", "-c", "echo $WHO"}).output == "b\n");
  BOOST_TEST(has(world.run({"exec", "web", "-c", "c", "--", "true"}), "error: container c is not valid for pod web"));
}

BOOST_AUTO_TEST_CASE(an_isolated_pod_shows_its_own_network) {
  for (const uid_t uid : {uid_t{0}, nobody}) {
    const World world(
        [](const Scratch& scratch) { return pod(scratch, "web", {"--hang"}, "network = \"isolated\"\n"); }, 1,
        {.uid = uid});
    const Finished said =
        world.run({"exec", "web", "--", "sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1; echo $$"});
    BOOST_TEST(said.output.starts_with("    lo\n"), said.output);
    BOOST_TEST(said.output.size() < 12, said.output);  // one line, and a small pid
  }
}

BOOST_AUTO_TEST_CASE(a_terminal_has_our_size_and_ctrl_c_and_is_put_back) {
  for (const auto& pods : {one_pod, beside}) {
    const World world(pods, 1);
    AtTerminal at(world.words({"exec", "-it", "web", "--", "sh", "-c",
                               "stty size; trap 'stty size' WINCH; trap 'echo caught; exit 5' INT; echo $TERM ready; "
                               "while :; do sleep 0.05; done"}),
                  31, 97);
    BOOST_TEST(at.prints("31 97\r\n"), at.output());
    BOOST_REQUIRE(at.prints("xterm ready\r\n"));
    BOOST_TEST(at.is_raw());
    at.resize(40, 120);
    BOOST_TEST(at.prints("40 120\r\n"), at.output());
    at.type("\x03");
    BOOST_TEST(at.wait() == 5);
    BOOST_TEST(at.output().find("caught\r\n") != std::string::npos, at.output());
    BOOST_TEST(at.is_as_before());
  }
}

BOOST_AUTO_TEST_CASE(a_signal_to_the_client_puts_the_terminal_back_and_ends_the_command) {
  const World world(one_pod, 1);
  AtTerminal at(world.words({"exec", "-it", "web", "--", world.scratch.behave(), "--print", "up", "--hang"}), 24, 80);
  BOOST_REQUIRE(at.prints("up\r\n"));
  BOOST_TEST(processes_named(world.scratch.behave_name()).size() == 2u);
  ::kill(at.pid(), SIGTERM);
  BOOST_TEST(at.wait() == 128 + SIGTERM);
  BOOST_TEST(at.is_as_before());
  BOOST_TEST(eventually([&] { return processes_named(world.scratch.behave_name()).size() == 1u; }));
}

BOOST_AUTO_TEST_CASE(without_a_terminal_there_is_none) {
  const World world(one_pod, 1);
  BOOST_TEST(world.run({"exec", "-it", "web", "--", "sh", "-c", "test -t 0 || echo none"}).output ==
             "Unable to use a TTY - input is not a terminal or the right kind of file\nnone\n");
}

// Also what called setsid, in a pid namespace of the container's or without one.
BOOST_AUTO_TEST_CASE(who_goes_takes_the_whole_tree_along) {
  for (const auto& pods : {one_pod, beside}) {
    const World world(pods, 1);
    Reeve client(world.words({"exec", "web", "--", world.scratch.behave(), "--fork-child", "setsid", "--fork-child",
                              "daemon", "--print", "up", "--hang"}));
    BOOST_REQUIRE(client.prints("up\n"));
    BOOST_TEST(processes_named(world.scratch.behave_name()).size() == 4u);
    client.signal(SIGKILL);
    BOOST_TEST(eventually([&] { return processes_named(world.scratch.behave_name()).size() == 1u; }));
  }
}

BOOST_AUTO_TEST_CASE(a_container_that_ends_ends_its_sessions) {
  for (const auto& pods : {one_pod, beside}) {
    const World world(pods, 1);
    Reeve client(world.words({"exec", "web", "--", world.scratch.behave(), "--ignore-signal", "TERM", "--fork-child",
                              "setsid", "--print", "up", "--hang"}));
    BOOST_REQUIRE(client.prints("up\n"));
    BOOST_TEST(world.run({"delete", "pod", "web"}).code == 0);
    BOOST_TEST(client.wait().value_or(-1) == 137);
    BOOST_TEST(processes_named(world.scratch.behave_name()).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_hundred_sessions_leave_nothing) {
  const World world(one_pod, 1);
  BOOST_TEST(world.run({"exec", "web", "--", "true"}).code == 0);
  const std::size_t before = world.descriptors();
  for (int i = 0; i < 100; ++i) {
    ApiClient client(world.socket);
    BOOST_REQUIRE(client.send(exec_request("?command=true")));
    BOOST_REQUIRE(read_until(client.fd(), "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    BOOST_REQUIRE(pass(client.fd(), {1, 2}));
    if (i % 2 == 0) BOOST_REQUIRE(read_until(client.fd(), "exitCode").find("\"exitCode\":0") != std::string::npos);
  }
  BOOST_TEST(eventually([&] { return world.descriptors() == before; }));
  BOOST_TEST(eventually([&] { return processes_mentioning(world.scratch.path()).size() == 3u; }));
}

BOOST_AUTO_TEST_CASE(clients_that_misbehave_are_told_and_forgotten) {
  const World world(one_pod, 1);
  const std::size_t before = world.descriptors();
  const auto answer_to = [&](const std::vector<int>& descriptors, const std::string& query = "?command=true") {
    ApiClient client(world.socket);
    BOOST_REQUIRE(client.send(exec_request(query)));
    BOOST_REQUIRE(read_until(client.fd(), "\r\n\r\n").starts_with("HTTP/1.1 101 "));
    BOOST_REQUIRE(pass(client.fd(), descriptors));
    return read_until(client.fd(), "\n");
  };
  BOOST_TEST(answer_to({}).find("one byte with 2 descriptors was to come, not 1 with 0") != std::string::npos);
  BOOST_TEST(answer_to({0, 1, 2}).find("not 1 with 3") != std::string::npos);
  BOOST_TEST(answer_to({0, 1, 2, 0, 1, 2, 0, 1}).find("more than ") != std::string::npos);
  BOOST_TEST(answer_to({1}, "?command=true&tty=1").find("controlling terminal") != std::string::npos);
  {
    ApiClient silent(world.socket);
    BOOST_REQUIRE(silent.send(exec_request("?command=true")));
    read_until(silent.fd(), "\r\n\r\n");
  }
  {
    ApiClient hasty(world.socket);
    BOOST_REQUIRE(hasty.send(exec_request("?command=true") + "x"));
    BOOST_TEST(read_until(hasty.fd(), "\"code\"").find("nothing may follow an upgrade") != std::string::npos);
  }
  ApiClient client(world.socket);
  BOOST_TEST(client.ask("POST", exec_path + "?command=true").body.find("use reeve exec") != std::string::npos);
  BOOST_TEST(client.ask("GET", exec_path).status == 405);
  BOOST_TEST(client.ask("POST", exec_path, {}, upgrade_headers).status == 400);
  const Answer none = client.ask("POST", exec_path + "?command=true&container=c", {}, upgrade_headers);
  BOOST_TEST(none.body.find("container c is not valid for pod web") != std::string::npos);
  ApiClient endless(world.socket);
  std::string commands = "?command=" + std::string(1'000'000, 'x');
  static_cast<void>(endless.send(exec_request(commands)));
  BOOST_TEST(read_until(endless.fd(), "\"code\"").find("longer than 16384 bytes") != std::string::npos);
  // The two above are still open, and one of them is being listened to until it ends.
  BOOST_TEST(eventually([&] { return world.descriptors() <= before + 2; }));
  BOOST_TEST(world.run({"exec", "web", "--", "true"}).code == 0);
}

BOOST_AUTO_TEST_CASE(others_may_not) {
  const World world(one_pod, 1, {}, "apiUsers = [\"root\"]\n");
  ApiClient client(world.socket, nobody);
  BOOST_REQUIRE(client.is_connected());
  BOOST_TEST(client.ask("POST", exec_path + "?command=true", {}, upgrade_headers).status == 403);
}

BOOST_AUTO_TEST_SUITE_END()
