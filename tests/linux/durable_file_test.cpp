// A file that is whole at every moment, and the lock of its directory.
#include <reeve/linux/durable_file.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace reeve;
using namespace reeve::linux;

namespace {

struct Directory {
  std::string path = [] {
    std::string made = "/var/tmp/reeve-durable-XXXXXX";
    BOOST_REQUIRE(::mkdtemp(made.data()) != nullptr);
    return made;
  }();
  ~Directory() { std::filesystem::remove_all(path); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }
};

std::string content_of(const DurableFile& file) {
  const auto read = file.read(1 << 20);
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message()));
  return read->value_or("nothing");
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(durable_file, Directory)

BOOST_AUTO_TEST_CASE(is_replaced_as_a_whole_and_leaves_nothing_beside_it) {
  const DurableFile file(path, "state");
  BOOST_TEST(content_of(file) == "nothing");
  BOOST_REQUIRE(file.replace("one").has_value());
  BOOST_REQUIRE(file.replace("a longer two").has_value());
  BOOST_TEST(content_of(file) == "a longer two");
  BOOST_TEST(entries() == 1u);
}

BOOST_AUTO_TEST_CASE(the_old_content_stays_when_the_disk_is_full) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: a small file system of its own needs root");
    return;
  }
  // The mount stands in a namespace of a child's own.
  const pid_t child = ::fork();
  if (child == 0) {
    const bool made = ::unshare(CLONE_NEWNS) == 0 && ::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
    const DurableFile file(path, "state");
    const std::string old(40000, 'a');
    const bool kept = made && file.replace(old).has_value();
    const auto refused = file.replace(std::string(60000, 'b'));
    const auto now = file.read(1 << 20);
    const bool same = now && now->value_or("") == old && !refused && refused.error().code == ENOSPC && entries() == 1;
    ::_exit(kept && same ? 0 : 1);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(one_that_is_too_long_is_an_error_and_not_a_part_of_it) {
  const DurableFile file(path, "state");
  BOOST_REQUIRE(file.replace(std::string(100, 'a')).has_value());
  BOOST_TEST(!file.read(99).has_value());
}

BOOST_AUTO_TEST_CASE(set_aside_keeps_every_broken_one) {
  const DurableFile file(path, "state");
  for (const char* expected : {"/state.broken", "/state.broken-2", "/state.broken-3"}) {
    BOOST_REQUIRE(file.replace("broken").has_value());
    const auto aside = file.set_aside("broken");
    BOOST_REQUIRE(aside.has_value());
    BOOST_TEST(*aside == path + expected);
  }
  BOOST_TEST(content_of(file) == "nothing");
}

BOOST_AUTO_TEST_CASE(a_directory_has_one_holder_who_is_named_to_the_next) {
  std::optional<DirectoryLock> held(DirectoryLock::take(path).value());
  const auto refused = DirectoryLock::take(path);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().what == path + " is in use by another reeve, pid " + std::to_string(::getpid()));
  BOOST_TEST(refused.error().code == EWOULDBLOCK);
  held.reset();
  BOOST_TEST(DirectoryLock::take(path).has_value());
}

BOOST_AUTO_TEST_CASE(directories_are_made_with_their_parents) {
  BOOST_REQUIRE(make_directories(path + "/a/b/c").has_value());
  BOOST_REQUIRE(make_directories(path + "/a/b/c").has_value());
  std::ofstream(path + "/file") << "x";
  const auto refused = make_directories(path + "/file/d");
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().code == ENOTDIR);
}

BOOST_AUTO_TEST_CASE(a_directory_that_others_may_write_into_is_not_believed) {
  BOOST_TEST(check_private(path).has_value());
  std::filesystem::permissions(path, std::filesystem::perms::group_write, std::filesystem::perm_options::add);
  BOOST_TEST(!check_private(path).has_value());
  BOOST_TEST(!check_private("/no/such/place").has_value());
}

// What a supervisor had just forked when it was killed has its lock until it sees that.
BOOST_AUTO_TEST_CASE(the_lock_of_a_dead_holder_is_waited_for) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = DirectoryLock::take(path);
    ::close(ends[0]);
    if (::fork() == 0) {
      char byte = 0;
      if (::write(ends[1], &byte, 1) == 1) ::usleep(300'000);  // with the lock in its hand
    }
    ::_exit(lock ? 0 : 1);
  }
  char byte;
  BOOST_REQUIRE(::read(ends[0], &byte, 1) == 1);
  BOOST_REQUIRE(::waitpid(holder, nullptr, 0) == holder);
  const auto next = DirectoryLock::take(path);
  BOOST_TEST(next.has_value(), (next ? "" : next.error().message()));
  ::close(ends[0]);
  ::close(ends[1]);
}

BOOST_AUTO_TEST_SUITE_END()
