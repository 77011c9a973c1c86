// A pod's own /etc/hosts in the place of the root's.

#include <linux/sandbox_support.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

const std::string hosts =
    "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.78.0.9 web-1\n127.77.0.3 db\n";

enum class Required { no, yes };

std::unique_ptr<Sandbox> with_hosts(Required required) {
  return make_sandbox({"web-1", true, {{"/etc/hosts", hosts, required == Required::yes}}});
}

// A root directory with behave in it, and with an /etc/hosts if that has a text.
std::string make_root(const std::string& name, const std::optional<std::string>& hosts_there) {
  const std::string root = scratch() + "/" + name;
  std::filesystem::remove_all(root);
  for (const char* each : {"bin", "tmp", "proc", "dev", "etc"}) std::filesystem::create_directories(root + "/" + each);
  std::filesystem::copy(behave(), root + "/bin/behave");
  if (hosts_there) std::ofstream(root + "/etc/hosts") << *hosts_there;
  return root;
}

ProcessSpec in_root(const Sandbox& sandbox, const std::string& root) {
  ProcessSpec spec = inside(sandbox);
  spec.root_directory = root;
  spec.argv = {"/bin/behave"};
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox_files)

BOOST_AUTO_TEST_CASE(the_pods_own_hosts_file_covers_the_hosts) {
  const std::string before = read_file("/etc/hosts", 1 << 20).value_or("none");
  check_as_both([&]() -> std::string {
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    std::string said = output_of(inside(*sandbox), {"--cat", "/etc/hosts", "--list", "/tmp"});
    EXPECT_SAYING(said == hosts, said);  // and nothing is in /tmp
    EXPECT(read_file("/etc/hosts", 1 << 20).value_or("none") == before);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(the_resolver_reads_it) {
  check_as_both([&]() -> std::string {
    if (::access("/usr/bin/getent", X_OK) != 0) return "skipped: there is no getent";
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    ProcessSpec spec = inside(*sandbox);
    spec.argv = {"/bin/sh", "-c", "getent hosts db; getent hosts web-1; hostname"};
    spec.environment = {"PATH=/usr/bin:/bin"};
    const auto running = run_as_is(spec);
    EXPECT(running != nullptr && running->wait_gone());
    EXPECT_SAYING(running->output == "127.77.0.3      db\n127.78.0.9      web-1\nweb-1\n", running->output);
    return "";
  });
}

// What writes in place finds an ordinary file with one owner, who may write it, and one container's writing is its own.
BOOST_AUTO_TEST_CASE(it_can_be_edited_in_place) {
  check_as_both([&]() -> std::string {
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    ProcessSpec spec = inside(*sandbox);
    spec.argv = {"/bin/sh", "-c",
                 "stat -c '%a %u' /etc/hosts; echo '10.0.0.1 added' >> /etc/hosts && tail -n 1 /etc/hosts"};
    const auto running = run_as_is(spec);
    EXPECT(running != nullptr && running->wait_gone());
    const std::string expected = "644 " + std::to_string(::geteuid()) + "\n10.0.0.1 added\n";
    EXPECT_SAYING(running->output == expected, running->output);
    EXPECT(output_of(inside(*sandbox), {"--cat", "/etc/hosts"}) == hosts);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(it_covers_that_of_a_root_directory) {
  const std::string root = make_root("root-with-hosts", "1.2.3.4 of-the-image\n");
  check_as_both([&]() -> std::string {
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    const std::string said = output_of(in_root(*sandbox, root), {"--cat", "/etc/hosts", "--list", "/tmp"});
    EXPECT_SAYING(said == hosts, said);
    EXPECT(read_file(root + "/etc/hosts", 1 << 20) == "1.2.3.4 of-the-image\n");
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_root_directory_without_one_says_what_to_do_where_it_is_needed) {
  const std::string root = make_root("root-without-hosts", std::nullopt);
  check_as_both([&]() -> std::string {
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    std::string said = output_of(in_root(*sandbox, root), {"--print", "started"});
    EXPECT_SAYING(said == "cannot put the pod's own file over /etc/hosts in " + root +
                              ": No such file or directory; make an empty file there in the root directory",
                  said);
    const auto not_needed = with_hosts(Required::no);
    EXPECT(not_needed != nullptr);
    said = output_of(in_root(*not_needed, root), {"--print", "started", "--list", "/etc", "--list", "/tmp"});
    EXPECT_SAYING(said == "started\n", said);
    EXPECT(!std::filesystem::exists(root + "/etc/hosts"));
    return "";
  });
}

// A link to elsewhere must not lead the mount out of the root.
BOOST_AUTO_TEST_CASE(a_linked_hosts_file_stays_inside) {
  const std::string root = make_root("root-with-linked-hosts", std::nullopt);
  std::ofstream(root + "/etc/real") << "real";
  std::filesystem::create_symlink("/etc/real", root + "/etc/hosts");
  check_as_both([&]() -> std::string {
    const auto sandbox = with_hosts(Required::yes);
    EXPECT(sandbox != nullptr);
    const std::string said = output_of(in_root(*sandbox, root), {"--cat", "/etc/real"});
    EXPECT_SAYING(said == hosts, said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_long_file_is_whole) {
  std::string text;
  for (int line = 0; line < 20'000; ++line) text += "127.77.0.3 name-" + std::to_string(line) + "\n";
  check_as_both([&]() -> std::string {
    const auto sandbox = make_sandbox({"", false, {{"/etc/hosts", text, true}}});
    EXPECT(sandbox != nullptr);
    EXPECT(output_of(inside(*sandbox), {"--cat", "/etc/hosts"}) == text);
    return "";
  });
}

BOOST_AUTO_TEST_SUITE_END()
