#define BOOST_TEST_MODULE linux
#include <boost/test/unit_test.hpp>
