# reeve: one Makefile, no recursion, quiet unless V=1. `make help` lists what it can do.
MODE    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
CXX     ?= g++
OUT     := build/$(MODE)
VERSION := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -1)

ifneq ($(shell command -v ccache),)
COMPILE := ccache $(CXX)
else
COMPILE := $(CXX)
endif

ifeq ($(V),1)
Q :=
SAY := @:
else
Q := @
SAY := @printf '  %-7s %s\n'
endif

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CPPFLAGS += -Iinclude -Itests -DBOOST_BIND_GLOBAL_PLACEHOLDERS -DREEVE_VERSION='"$(or $(VERSION),0.0.0)"' -MMD -MP
CXXFLAGS += -std=c++20 -g $(WARN) -ffunction-sections -fdata-sections -pthread
LDFLAGS  += -Wl,--gc-sections -pthread
LDLIBS   += -l:libyaml-cpp.a -l:libboost_json.a -l:libuv_a.a -ldl -lrt
TESTLIBS := -l:libboost_unit_test_framework.a

ifeq ($(MODE),release)
CXXFLAGS += -O2
else ifeq ($(MODE),static)
CXXFLAGS += -O2
LDFLAGS  += -static
else ifeq ($(MODE),debug)
CXXFLAGS += -O0
else ifeq ($(MODE),asan)
CXXFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
CXXFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS  += -fsanitize=thread
else ifeq ($(MODE),coverage)
CXXFLAGS += -O0 --coverage
LDFLAGS  += --coverage
else
$(error MODE is one of release, static, debug, asan, tsan, coverage; not "$(MODE)")
endif

ROOMS   := core config linux proxy runtime cli
LIBSRC  := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.cpp))
LIBOBJ  := $(LIBSRC:%.cpp=$(OUT)/%.o)
REEVE   := $(OUT)/reeve
LIB     := $(OUT)/libreeve.a

# A suite is a folder under tests/ that becomes one Boost.Test program.
SUITES  := $(notdir $(patsubst %/,%,$(foreach suite,unit linux proxy sim blackbox,$(if $(wildcard tests/$(suite)/*.cpp),tests/$(suite)/))))
BEHAVE  := $(OUT)/behave

.PHONY: all
all: build/reeve

build/reeve: build/release/reeve
	$(Q)ln -f $< $@

ifneq ($(MODE),release)
build/release/reeve:
	$(Q)$(MAKE) --no-print-directory MODE=release build/release/reeve
endif

$(OUT)/%.o: %.cpp
	@mkdir -p $(@D)
	$(SAY) CXX $<
	$(Q)$(COMPILE) $(CPPFLAGS) $(CXXFLAGS) -c $< -o $@

$(LIB): $(LIBOBJ)
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(REEVE): $(OUT)/src/main.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $< $(LIB) $(LDLIBS) -o $@

# What the tests let reeve start: static, so that it runs in any root directory, and never sanitized.
$(BEHAVE): $(wildcard tests/helper/*.cpp)
	@mkdir -p $(@D)
	$(SAY) CXX $@
	$(Q)$(COMPILE) -std=c++20 -O1 -g $(WARN) -c tests/helper/behave.cpp -o $@.o
	$(Q)$(CXX) -static $@.o -o $@

# Tests find it by this path, or by REEVE_BEHAVE in the environment.
$(OUT)/tests/%.o: CPPFLAGS += -DREEVE_BEHAVE_PATH='"$(abspath $(BEHAVE))"' -I.

define SUITE_RULES
$(1)_OBJ := $$(patsubst %.cpp,$(OUT)/%.o,$$(wildcard tests/$(1)/*.cpp))
$(OUT)/test-$(1): $$($(1)_OBJ) $(LIB) | $(BEHAVE)
	$(SAY) LINK $$@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $$($(1)_OBJ) $(LIB) $(LDLIBS) $(TESTLIBS) -o $$@
-include $$($(1)_OBJ:.o=.d)
endef
$(foreach suite,$(SUITES),$(eval $(call SUITE_RULES,$(suite))))

-include $(LIBOBJ:.o=.d) $(OUT)/src/main.d
