#define BOOST_TEST_MODULE blackbox
#include <boost/test/unit_test.hpp>
