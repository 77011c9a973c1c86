// What a container is given besides its output: sockets from descriptor 3 on, and a socket to tell on.

#include <linux/support.hpp>

#include <reeve/linux/notify_socket.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <string>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

// Descriptors whose contents tell them apart.
std::vector<UniqueFd> numbered(std::size_t count) {
  std::vector<UniqueFd> fds;
  for (std::size_t i = 0; i < count; ++i) {
    fds.emplace_back(::memfd_create("passed", MFD_CLOEXEC));
    const std::string text = "<" + std::to_string(i) + ">";
    if (::pwrite(fds.back().get(), text.data(), text.size(), 0) < 0) return {};
  }
  return fds;
}

// The next message of that tree; nothing where none comes.
std::optional<NotifySocket::Received> heard(NotifySocket& socket) {
  std::optional<NotifySocket::Received> received;
  wait_until([&] { return (received = socket.receive()).has_value(); });
  return received;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(passing_on)

// As many as there can be: some of the numbers they get are numbers that others had.
BOOST_AUTO_TEST_CASE(descriptors_come_in_their_order_and_none_besides) {
  check_everywhere([](Isolation isolation) -> std::string {
    for (const std::size_t count : {std::size_t{1}, std::size_t{5}, std::size_t{6}, ProcessSpec::passed_fds_max}) {
      const std::vector<UniqueFd> fds = numbered(count);
      ProcessSpec spec = with(isolation);
      spec.environment.push_back("LISTEN_FDS=" + std::to_string(count));
      for (const UniqueFd& each : fds) spec.passed_fds.push_back(each.get());
      std::vector<std::string> flags{"--fds", "--passed"};
      for (std::size_t i = 0; i < count; ++i) {
        flags.insert(flags.end(), {"--cat", "/proc/self/fd/" + std::to_string(3 + i)});
      }
      flags.insert(flags.end(), {"--print", "all"});
      const auto running = run(spec, flags);
      EXPECT(running != nullptr);
      EXPECT_SAYING(running->wait_output("all\n"), running->message() + running->output);
      std::string numbers = "0 1 2", contents;
      for (std::size_t i = 0; i < count; ++i) {
        numbers += " " + std::to_string(3 + i);
        contents += "<" + std::to_string(i) + ">";
      }
      EXPECT_SAYING(running->output.find(numbers + "\n") != std::string::npos, running->output);
      EXPECT_SAYING(running->output.find("passed " + std::to_string(count) + " -\n" + contents) != std::string::npos,
                    running->output);
      EXPECT(running->wait_gone());
    }
    return "";
  });
}

BOOST_AUTO_TEST_CASE(more_than_can_be_passed_is_refused) {
  const std::vector<UniqueFd> fds = numbered(1);
  ProcessSpec spec = with(Isolation::none);
  spec.argv = {behave()};
  spec.passed_fds.assign(ProcessSpec::passed_fds_max + 1, fds[0].get());
  const auto refused = Process::start(spec);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().message().ends_with("it is to get 49 sockets, and 48 can be passed"));
}

BOOST_AUTO_TEST_CASE(a_tree_is_heard_and_known_and_its_descriptors_are_not_kept) {
  check_as_both([]() -> std::string {
    auto socket = NotifySocket::make();
    EXPECT(socket.has_value());
    ProcessSpec spec = with(Isolation::private_namespaces);
    spec.notify_fd = socket->fd();
    spec.environment.push_back(std::string("NOTIFY_SOCKET=") + notify_path);
    const auto running =
        run(spec, {"--notify", "READY=1", "--notify-by-child", "STATUS=of a child", "--notify-long", "9000", "--hang"});
    EXPECT(running != nullptr);
    EXPECT_SAYING(running->wait_started(), running->message());
    const auto ready = heard(*socket);
    EXPECT(ready && ready->text == "READY=1" && !ready->is_cut);
    EXPECT(ready->sender == *running->leader);
    EXPECT(running->process.has_member(ready->sender) == Process::Member::yes);
    EXPECT(running->process.has_member(::getpid()) == Process::Member::no);
    EXPECT(running->process.has_member(0) == Process::Member::no);
    const auto by_child = heard(*socket);
    EXPECT(by_child && by_child->text == "STATUS=of a child" && by_child->sender != *running->leader);
    EXPECT(wait_until([&] { return running->process.has_member(by_child->sender) == Process::Member::gone; }));
    const auto cut = heard(*socket);
    EXPECT(cut && cut->is_cut && cut->text.size() == NotifySocket::message_max);
    EXPECT(!socket->receive());
    EXPECT(running->process.kill_tree().has_value());
    EXPECT(running->wait_gone());
    return "";
  });
}

// By its parents, where no namespace says it.
BOOST_AUTO_TEST_CASE(a_tree_without_a_namespace_is_known_by_its_parents) {
  check_as_both([]() -> std::string {
    const std::string name = unique_mark();
    auto socket = NotifySocket::make_abstract(name);
    EXPECT(socket.has_value());
    EXPECT(!NotifySocket::make_abstract(name).has_value());
    ProcessSpec spec = with(Isolation::none);
    spec.environment.push_back("NOTIFY_SOCKET=@" + name);
    const auto running = run(spec, {"--watchdog", "0.01", "/nowhere", "--hang"});
    EXPECT(running != nullptr);
    EXPECT_SAYING(running->wait_started(), running->message());
    const auto alive = heard(*socket);
    EXPECT(alive && alive->text == "WATCHDOG=1" && alive->sender != *running->leader);
    EXPECT(running->process.has_member(alive->sender) == Process::Member::yes);
    EXPECT(running->process.has_member(::getpid()) == Process::Member::no);
    EXPECT(running->process.kill_tree().has_value());
    EXPECT(running->wait_gone());
    return "";
  });
}

BOOST_AUTO_TEST_SUITE_END()
