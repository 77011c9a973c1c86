// Entries for systemd's journal.
#include <linux/support.hpp>
#include <reeve/linux/journal.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace reeve::linux::test {
namespace {

// The journal's end. It reads an entry from the datagram, or from the sealed file that comes with it.
class FakeJournal {
 public:
  FakeJournal() : path_(scratch() + "/journal"), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    ::unlink(path_.c_str());
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, path_.data(), path_.size());
    BOOST_REQUIRE_EQUAL(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  }
  const std::string& path() const { return path_; }

  std::string read(bool& was_sealed) const {
    std::string bytes(1 << 20, '\0');
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec into{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    was_sealed = got >= 0 && header != nullptr;
    if (!was_sealed) return bytes;
    int raw = -1;
    std::memcpy(&raw, CMSG_DATA(header), sizeof raw);
    const UniqueFd file(raw);
    BOOST_CHECK_EQUAL(::write(file.get(), "x", 1), -1);
    ::lseek(file.get(), 0, SEEK_SET);
    return *read_to_end(file.get(), "entry", 1 << 24);
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(journal)

BOOST_AUTO_TEST_CASE(a_field_with_a_newline_says_its_length) {
  std::string entry;
  append_journal_field(entry, "MESSAGE", "one");
  BOOST_CHECK_EQUAL(entry, "MESSAGE=one\n");
  entry.clear();
  append_journal_field(entry, "MESSAGE", "a\nb");
  BOOST_CHECK(entry == std::string("MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n", 20));
}

BOOST_AUTO_TEST_CASE(an_entry_too_large_for_a_datagram_goes_as_a_sealed_file) {
  const FakeJournal there;
  const auto socket = JournalSocket::open(there.path());
  BOOST_REQUIRE(socket);
  for (const std::size_t size : {std::size_t{10}, std::size_t{4'000'000}}) {
    std::string entry;
    append_journal_field(entry, "MESSAGE", std::string(size, 'm'));
    BOOST_REQUIRE(socket->send(entry));
    bool was_sealed = false;
    BOOST_CHECK(there.read(was_sealed) == entry);
    BOOST_CHECK_EQUAL(was_sealed, size > 10);
  }
}

BOOST_AUTO_TEST_CASE(a_journal_that_reads_nothing_is_not_waited_for) {
  const FakeJournal there;
  const auto socket = JournalSocket::open(there.path());
  Result<void> sent;
  for (int i = 0; i < 1'000'000 && sent; ++i) sent = socket->send("MESSAGE=x\n");
  BOOST_REQUIRE(!sent);
  BOOST_CHECK_EQUAL(sent.error().code, EAGAIN);
  BOOST_CHECK(!JournalSocket::open(scratch() + "/nobody")->send("MESSAGE=x\n"));
}

BOOST_AUTO_TEST_CASE(a_stream_is_the_journal_if_it_is_the_one_that_was_named) {
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[1]), in(ends[0]);
  struct stat here {};
  ::fstat(out.get(), &here);
  const std::string named = std::to_string(here.st_dev) + ':' + std::to_string(here.st_ino);
  const char* const before = std::getenv("JOURNAL_STREAM");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("JOURNAL_STREAM", named.c_str(), 1);
  BOOST_CHECK(is_journal_stream(out.get()));
  BOOST_CHECK(!is_journal_stream(STDIN_FILENO));
  for (const std::string& other : {std::string("1:2"), std::string(""), named + "0", std::string("x")}) {
    ::setenv("JOURNAL_STREAM", other.c_str(), 1);
    BOOST_CHECK(!is_journal_stream(out.get()));
  }
  ::unsetenv("JOURNAL_STREAM");
  BOOST_CHECK(!is_journal_stream(out.get()));
  if (before != nullptr) ::setenv("JOURNAL_STREAM", kept.c_str(), 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::linux::test
