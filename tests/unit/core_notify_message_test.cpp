// What counts of a message on NOTIFY_SOCKET, and that no bytes can do harm.
#include <reeve/core/notify_message.hpp>
#include <reeve/core/random.hpp>
#include <reeve/core/utf8.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace reeve;
using State = NotifyMessage::State;
using Watchdog = NotifyMessage::Watchdog;

BOOST_AUTO_TEST_SUITE(core_notify_message)

BOOST_AUTO_TEST_CASE(each_assignment_on_a_line_of_its_own) {
  struct Row {
    const char* text;
    NotifyMessage means;
  };
  const Row table[] = {
      {"", {}},
      {"\n\n=\n==\nREADY\nREADY=0\nREADY=1 \nready=1\nMAINPID=1\nBARRIER=1\nFDSTORE=1", {}},
      {"READY=1", {.state = State::ready}},
      {"READY=1\n", {.state = State::ready}},
      {"RELOADING=1\nMONOTONIC_USEC=12", {.state = State::reloading}},
      {"READY=1\nSTOPPING=1", {.state = State::stopping}},
      {"STOPPING=1\nREADY=1", {.state = State::ready}},
      {"WATCHDOG=1", {.watchdog = Watchdog::alive}},
      {"WATCHDOG=trigger\nWATCHDOG=1", {.watchdog = Watchdog::trigger}},
      {"WATCHDOG=1\nWATCHDOG=trigger", {.watchdog = Watchdog::trigger}},
      {"EXTEND_TIMEOUT_USEC=1500000", {.extend = milliseconds(1500)}},
      {"EXTEND_TIMEOUT_USEC=0", {.extend = Duration{0}}},
      {"EXTEND_TIMEOUT_USEC=-1\nEXTEND_TIMEOUT_USEC=\nEXTEND_TIMEOUT_USEC=1s", {}},
      {"EXTEND_TIMEOUT_USEC=99999999999999999999999", {.extend = Duration::max()}},
      {"EXTEND_TIMEOUT_USEC=18446744073709551615", {.extend = Duration::max()}},
      {"STATUS=loading 3 of 7\nREADY=1", {.state = State::ready, .status = "loading 3 of 7"}},
      {"STATUS=", {.status = ""}},
      {"STATUS=a=b", {.status = "a=b"}},
  };
  for (const Row& row : table) BOOST_TEST((parse_notify_message(row.text) == row.means), row.text);
}

BOOST_AUTO_TEST_CASE(a_status_is_fit_for_a_terminal) {
  BOOST_TEST(shown_status("plain \xc3\xa9 \xe2\x82\xac") == "plain \xc3\xa9 \xe2\x82\xac");
  BOOST_TEST(shown_status("\x1b[31mred\a\t\x7f") == "?[31mred???");
  BOOST_TEST(shown_status("\xc2\x9b"
                          "31m") == "?31m");
  BOOST_TEST(shown_status("\xff\xfe cut \xe2\x82") == "?? cut ??");
  BOOST_TEST(shown_status(std::string(1000, 'x')).size() == notify_status_max);
  const std::string wide = shown_status(std::string(notify_status_max - 1, 'x') + "\xe2\x82\xac");
  BOOST_TEST(wide == std::string(notify_status_max - 1, 'x'));  // not through the middle of a character
}

// Whatever bytes come, the status is short UTF-8 without control characters, and no time is negative.
BOOST_AUTO_TEST_CASE(any_bytes_are_taken) {
  const std::string pieces[] = {"READY=1",   "STATUS=",
                                "WATCHDOG=", "EXTEND_TIMEOUT_USEC=",
                                "\n",        "=",
                                "trigger",   "9",
                                "\xe2\x82",  "\xf0\x9f\x98\x80",
                                "\0",        "\x1b",
                                "STOPPING",  "1",
                                "\xc2\x85",  "-"};
  Random random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const std::uint64_t count = random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (random.below(3) == 0) {
        text += static_cast<char>(random.below(256));
      } else {
        text += pieces[random.below(std::size(pieces))];
      }
    }
    const NotifyMessage message = parse_notify_message(text);
    if (message.extend) BOOST_TEST_REQUIRE((*message.extend >= Duration{0}));
    if (!message.status) continue;
    BOOST_TEST_REQUIRE(message.status->size() <= notify_status_max);
    for (std::string_view rest = *message.status; !rest.empty();) {
      const std::size_t size = character_size(rest);
      BOOST_TEST_REQUIRE(size > 0u);
      const auto first = static_cast<unsigned char>(rest[0]);
      BOOST_TEST_REQUIRE((first >= 0x20 && first != 0x7f));
      rest.remove_prefix(size);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
