#define BOOST_TEST_MODULE proxy
#include <boost/test/unit_test.hpp>

#include <support/network.hpp>

namespace reeve::proxy::test {

// The tests have a network of their own where they may: whoever else tests on this host takes none of their ports (our
// listeners carry SO_REUSEPORT, and would share), and fills no table of theirs.
struct OwnNetwork {
  OwnNetwork() {
    if (::unshare(CLONE_NEWNET) == 0) BOOST_REQUIRE(reeve::test::set_up_loopback(""));
  }
};

BOOST_TEST_GLOBAL_FIXTURE(OwnNetwork);

}  // namespace reeve::proxy::test
