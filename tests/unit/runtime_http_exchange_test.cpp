// What an HTTP probe says, and what it makes of any answer, without a socket.
#include <reeve/runtime/http_exchange.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::runtime;
using Progress = HttpReply::Progress;

namespace {

HttpTarget target_of(std::string path) {
  HttpGetAction action;
  action.path = std::move(path);
  return http_target(action, "127.0.0.1", 3000);
}

HttpReply whole(std::string_view text) {
  HttpReply reply;
  const Progress progress = reply.feed(text);
  BOOST_REQUIRE((progress == Progress::done || reply.end() == Progress::done));
  return reply;
}

std::string with_status(int status, const std::string& headers = {}, const std::string& body = {}) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_exchange)

BOOST_AUTO_TEST_CASE(the_request_carries_kubernetes_own_headers) {
  BOOST_TEST(http_request(target_of("/health"), {}) ==
             "GET /health HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n"
             "Connection: close\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(own_headers_replace_repeat_and_remove) {
  const auto request = http_request(
      target_of("health"),
      {{"x-probe", "a"}, {"X-Probe", "b"}, {"host", "web.example"}, {"user-agent", ""}, {"X-Evil", "a\r\nB: c"}});
  BOOST_TEST(request ==
             "GET /health HTTP/1.1\r\nAccept: */*\r\nX-Probe: a\r\nX-Probe: b\r\nHost: web.example\r\nX-Evil: aB: c\r\n"
             "Connection: close\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_stand_in_a_request_line_is_escaped) {
  BOOST_TEST(target_of("/a b\r\nc?q=\x01").path == "/a%20b%0D%0Ac?q=%01");
  BOOST_TEST(target_of("/health?x=1&y=2").path == "/health?x=1&y=2");
}

BOOST_AUTO_TEST_CASE(status_decides) {
  BOOST_TEST((judge(whole(with_status(200, "", "fine"))).result == ProbeResult::success));
  BOOST_TEST(judge(whole(with_status(204))).text == "");
  BOOST_TEST((judge(whole(with_status(304))).result == ProbeResult::warning));
  BOOST_TEST(judge(whole(with_status(302, "", "gone"))).text == "Probe terminated redirects, Response body: gone");
  BOOST_TEST((judge(whole(with_status(400))).result == ProbeResult::failure));
  BOOST_TEST(judge(whole(with_status(503, "", "secret"))).text == "HTTP probe failed with statuscode: 503");
}

BOOST_AUTO_TEST_CASE(an_answer_may_come_byte_by_byte) {
  const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  HttpReply reply;
  Progress progress = Progress::more;
  for (const char c : text) progress = reply.feed({&c, 1});
  BOOST_TEST((progress == Progress::done));
  BOOST_TEST(reply.body() == "abcde");
}

// Beast's own check ended the program when a last chunk came in two pieces.
BOOST_AUTO_TEST_CASE(an_empty_chunked_answer_may_come_byte_by_byte) {
  HttpReply reply;
  auto progress = HttpReply::Progress::more;
  for (const char c : std::string_view("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
    progress = reply.feed(std::string_view(&c, 1));
  }
  BOOST_TEST((progress == HttpReply::Progress::done));
}

BOOST_AUTO_TEST_CASE(a_body_without_length_ends_with_the_connection) {
  HttpReply reply;
  BOOST_TEST((reply.feed("HTTP/1.0 200 OK\r\n\r\nhello") == Progress::more));
  BOOST_TEST((reply.end() == Progress::done));
  BOOST_TEST(reply.body() == "hello");
}

BOOST_AUTO_TEST_CASE(an_interim_answer_is_not_the_answer) {
  const auto reply = whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(reply.status() == 503);
}

BOOST_AUTO_TEST_CASE(of_a_huge_body_the_first_10240_bytes_are_enough) {
  HttpReply reply;
  BOOST_TEST((reply.feed("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n") == Progress::more));
  Progress progress = Progress::more;
  for (int i = 0; i < 3 && progress == Progress::more; ++i) progress = reply.feed(std::string(5000, 'x'));
  BOOST_TEST((progress == Progress::done));
  BOOST_TEST(reply.body().size() == 10240u);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_malformed_and_an_endless_header_has_an_end) {
  HttpReply garbage;
  BOOST_TEST((garbage.feed("\x01\x02 what is this?\r\n\r\n") == Progress::malformed));
  BOOST_TEST(!garbage.has_headers());
  HttpReply endless;
  Progress progress = endless.feed("HTTP/1.1 200 OK\r\nX: ");
  for (int i = 0; i < 1000 && progress == Progress::more; ++i) progress = endless.feed(std::string(4096, 'a'));
  BOOST_TEST((progress == Progress::malformed));
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_early_is_cut) {
  HttpReply nothing;
  BOOST_TEST((nothing.end() == Progress::cut));
  HttpReply half;
  BOOST_TEST((half.feed("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") == Progress::more));
  BOOST_TEST((half.end() == Progress::cut));
  BOOST_TEST(half.has_headers());
}

BOOST_AUTO_TEST_CASE(redirects_are_followed_on_the_same_host_only) {
  struct Case {
    std::string location, wanted;
  };
  const HttpTarget current = target_of("/a/b?q");
  for (const Case& each : std::vector<Case>{{"/x", "http://127.0.0.1:3000/x"},
                                            {"x", "http://127.0.0.1:3000/a/x"},
                                            {"?y", "http://127.0.0.1:3000/a/b?y"},
                                            {"http://127.0.0.1:4000/y#f", "http://127.0.0.1:4000/y"},
                                            {"http://127.0.0.1", "http://127.0.0.1:80/"},
                                            {"//127.0.0.1:81/z", "http://127.0.0.1:81/z"},
                                            {"http://elsewhere/", ""},
                                            {"https://127.0.0.1/", ""},
                                            {"http://127.0.0.1:99999/", ""},
                                            {"", ""}}) {
    const auto reply = whole(with_status(302, each.location.empty() ? "" : "Location: " + each.location + "\r\n"));
    const auto next = redirect_of(reply, current, current);
    BOOST_TEST((next ? next->url() : "") == each.wanted, each.location);
  }
  BOOST_TEST(!redirect_of(whole(with_status(304, "Location: /x\r\n")), current, current).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
