// Requests in any pieces, and what of them is refused.
#include <api/answer.hpp>
#include <api/request.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve::api {
namespace {

using Progress = RequestReader::Progress;

Progress feed_by(RequestReader& reader, std::string_view text, std::size_t piece) {
  Progress progress = Progress::more;
  while (!text.empty() && progress == Progress::more) {
    reader.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    progress = reader.advance();
  }
  return progress;
}

std::string post(const std::string& body) {
  return "POST /api/v1/namespaces/default/pods?dryRun=All&x=a%20b+c HTTP/1.1\r\nHost: r\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

BOOST_AUTO_TEST_SUITE(api_request)

BOOST_AUTO_TEST_CASE(a_request_is_the_same_in_any_pieces) {
  for (const std::size_t piece : {1u, 2u, 7u, 64u, 4096u}) {
    RequestReader reader;
    BOOST_REQUIRE((feed_by(reader, post("{\"a\":1}"), piece) == Progress::done));
    const Request request = reader.take();
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.segments.size() == 5u);
    BOOST_TEST(request.segments.back() == "pods");
    BOOST_TEST(request.parameter("x") == "a b c");
    BOOST_TEST(request.parameter("dryRun") == "All");
    BOOST_TEST(request.body == "{\"a\":1}");
    BOOST_TEST(request.keep_alive);
  }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_come_one_by_one) {
  RequestReader reader;
  reader.feed("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\nGET");
  BOOST_REQUIRE((reader.advance() == Progress::done));
  BOOST_TEST(reader.take().segments.front() == "a");
  BOOST_REQUIRE((reader.advance() == Progress::done));
  const Request second = reader.take();
  BOOST_TEST(second.segments.front() == "b");
  BOOST_TEST(!second.keep_alive);
  BOOST_TEST((reader.advance() == Progress::more));
  BOOST_TEST(!reader.is_idle());
}

BOOST_AUTO_TEST_CASE(chunked_bodies_are_put_together) {
  RequestReader reader;
  BOOST_REQUIRE(
      (feed_by(reader, "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n",
               1) == Progress::done));
  BOOST_TEST(reader.take().body == "abcde");
}

// Beast's own check ended the program when a last chunk came in two pieces.
BOOST_AUTO_TEST_CASE(an_empty_chunked_body_may_come_byte_by_byte) {
  RequestReader reader;
  BOOST_REQUIRE(
      (feed_by(reader, "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1) == Progress::done));
  BOOST_TEST(reader.take().body.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_understood_is_refused) {
  const std::pair<std::string, int> cases[] = {
      {"this is not HTTP\r\n\r\n", 400},
      {"GET nopath HTTP/1.1\r\n\r\n", 400},
      {"GET /a%zz HTTP/1.1\r\n\r\n", 400},
      {"GET /a%00b HTTP/1.1\r\n\r\n", 400},
      {"GET /a/../b HTTP/1.1\r\n\r\n", 400},
      {"GET /a%2fb HTTP/1.1\r\n\r\n", 400},
      {"PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400},
      {"PUT /x HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", 413},
      {"PUT /x HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"GET /" + std::string(20000, 'a') + " HTTP/1.1\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n", 431},
  };
  for (const auto& [text, status] : cases) {
    RequestReader reader;
    BOOST_TEST_CONTEXT(text.substr(0, 40)) {
      BOOST_TEST((feed_by(reader, text, 4096) == Progress::refused));
      BOOST_TEST(reader.status() == status);
    }
  }
}

BOOST_AUTO_TEST_CASE(paths_lead_to_kinds) {
  const auto route = route_of({"api", "v1", "namespaces", "x", "pods", "web", "log"});
  BOOST_REQUIRE(route.has_value());
  BOOST_TEST((route->kind->kind == ApiKind::pods));
  BOOST_TEST(route->name_space == "x");
  BOOST_TEST(route->name == "web");
  BOOST_TEST(route->subresource == "log");
  BOOST_TEST((route_of({"api", "v1", "namespaces", "x"})->kind->kind == ApiKind::namespaces));
  BOOST_TEST((route_of({"api", "v1", "nodes", "x"})->kind->kind == ApiKind::nodes));
  BOOST_TEST(route_of({"apis", "apps", "v1", "deployments"})->name_space.empty());
  BOOST_TEST(!route_of({"api", "v1", "pods", "web"}));
  BOOST_TEST(!route_of({"apis", "apps", "v1", "pods"}));
  BOOST_TEST(!route_of({"api", "v1", "namespaces", "x", "nodes"}));
  BOOST_TEST(!route_of({"api", "v1", "secrets"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::api
