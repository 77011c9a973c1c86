// Processes that an earlier supervisor left, found by their environment and ended.
#include <reeve/linux/survivors.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace reeve;
using namespace reeve::linux;

namespace {

// A sleeper with this in its environment; killed at the latest with its object.
class Sleeper {
 public:
  explicit Sleeper(std::string variable) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      char* const words[] = {const_cast<char*>("sleep"), const_cast<char*>("300"), nullptr};
      char* const environment[] = {const_cast<char*>("FIRST=1"), variable.data(), nullptr};
      ::execve("/bin/sleep", words, environment);
      ::_exit(1);
    }
    ::close(ends[1]);
    char byte;
    BOOST_REQUIRE(::read(ends[0], &byte, 1) == 0);  // its exec closed the other end
    ::close(ends[0]);
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  pid_t pid() const { return pid_; }
  bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }

 private:
  pid_t pid_ = -1;
};

// What no other test's processes have.
std::string ending() { return "-" + std::to_string(::getpid()) + "beef"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(survivors)

BOOST_AUTO_TEST_CASE(those_with_the_variable_and_its_ending_are_ended_and_no_others) {
  const Sleeper one("POD=a" + ending()), other("POD=a" + ending() + "x"), named("XPOD=a" + ending());
  const auto found = find_survivors("POD", ending());
  BOOST_REQUIRE(found.has_value());
  BOOST_REQUIRE(found->size() == 1u);
  BOOST_TEST((*found)[0].pid == one.pid());
  BOOST_TEST((*found)[0].name == "sleep");
  const auto ended = end_survivors("POD", ending(), seconds(10));
  BOOST_REQUIRE(ended.has_value());
  BOOST_TEST(ended->ended.size() == 1u);
  BOOST_TEST(ended->left.empty());
  BOOST_TEST(one.has_ended());
  BOOST_TEST(!other.has_ended());
  BOOST_TEST(!named.has_ended());
  BOOST_TEST(end_survivors("POD", ending(), seconds(10))->ended.empty());
}

BOOST_AUTO_TEST_CASE(we_and_those_we_descend_from_are_spared) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("REEVE_SURVIVORS_TEST", ("a" + ending()).c_str(), 1);
    // The environment that others see is that of the exec.
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    ::setenv("REEVE_SURVIVORS_ENDING", ending().c_str(), 1);
    ::execl(self.c_str(), self.c_str(), "--run_test=survivors/it_looks_from_within", "--log_level=nothing", nullptr);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

BOOST_AUTO_TEST_CASE(it_looks_from_within) {
  const char* const given = std::getenv("REEVE_SURVIVORS_ENDING");
  if (given == nullptr) return;  // nobody sent us
  const auto found = find_survivors("REEVE_SURVIVORS_TEST", given);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->empty());
}

BOOST_AUTO_TEST_CASE(a_directory_has_an_id_of_its_own) {
  char path[] = "/var/tmp/reeve-survivors-XXXXXX";
  BOOST_REQUIRE(::mkdtemp(path) != nullptr);
  const auto one = directory_id(path), parent = directory_id("/var/tmp"), none = directory_id("/no/such/place");
  std::filesystem::remove(path);
  BOOST_REQUIRE((one.has_value() && parent.has_value()));
  BOOST_TEST(one->size() == 12u);
  BOOST_TEST(*one != *parent);
  BOOST_TEST(!none.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
