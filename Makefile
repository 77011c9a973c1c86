# reeve: one Makefile, no recursion, quiet unless V=1. `make help` lists what it can do.
MODE    ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
CXX     ?= g++
OUT     := build/$(MODE)
VERSION := $(shell sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md 2>/dev/null | head -1)

ifneq ($(shell command -v ccache),)
COMPILE = ccache $(CXX)
else
COMPILE = $(CXX)
endif

ifeq ($(V),1)
Q :=
SAY := @:
else
Q := @
SAY := @printf '  %-7s %s\n'
endif

DEBUG    := -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
CPPFLAGS += -Iinclude -Isrc -Itests -DBOOST_BIND_GLOBAL_PLACEHOLDERS -DREEVE_VERSION='"$(or $(VERSION),0.1.0-dev)"' -MMD -MP
CXXFLAGS += -std=c++20 $(DEBUG) $(WARN) -ffunction-sections -fdata-sections -pthread
LDFLAGS  += -Wl,--gc-sections -pthread
LDLIBS   += -l:libyaml-cpp.a -l:libboost_json.a -l:libuv_a.a -ldl -lrt
TESTLIBS := -l:libboost_unit_test_framework.a

ifeq ($(MODE),release)
CXXFLAGS += -O2
else ifeq ($(MODE),debug)
CXXFLAGS += -O0
else ifeq ($(MODE),asan)
DEBUG    := -g1
CXXFLAGS += -O0 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
DEBUG    := -g1
CXXFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS  += -fsanitize=thread
else ifeq ($(MODE),coverage)
CXXFLAGS += -O0 --coverage
LDFLAGS  += --coverage
else ifeq ($(MODE),fuzz)
CXX      := clang++
CXXFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -Wno-missing-field-initializers
LDFLAGS  += -fsanitize=fuzzer,address,undefined
else
$(error MODE is one of release, debug, asan, tsan, coverage, fuzz; not "$(MODE)")
endif

ROOMS   := core config linux proxy runtime api cli
LIBSRC  := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.cpp))
ifeq ($(MODE),tsan)
LIBSRC  := $(wildcard src/linux/*.cpp src/proxy/*.cpp) src/core/result.cpp# what has threads, and what it stands on
endif
LIBOBJ  := $(LIBSRC:%.cpp=$(OUT)/%.o)
REEVE   := $(OUT)/reeve
LIB     := $(OUT)/libreeve.a

# A suite is a folder under tests/ that becomes one Boost.Test program.
SUITES  := $(notdir $(patsubst %/,%,$(foreach suite,unit linux proxy sim blackbox,$(if $(wildcard tests/$(suite)/*.cpp),tests/$(suite)/))))
BEHAVE  := $(OUT)/behave
FAULT   := $(OUT)/fault_disk.so

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

# Binding the C++ library's names at every start would take longer than all that `reeve init` does.
ifeq ($(MODE),release)
$(REEVE): LDFLAGS += -static-libstdc++ -static-libgcc
endif

$(REEVE): $(OUT)/src/main.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $< $(LIB) $(LDLIBS) -o $@

# What the tests and the demo let reeve start: static, so that it runs in any root directory, and never sanitized.
$(BEHAVE): $(filter-out %/fault_disk.cpp,$(wildcard tests/helper/*.cpp tests/helper/*.hpp))
	@mkdir -p $(@D)
	$(SAY) CXX $@
	$(Q)$(COMPILE) -std=c++20 -O1 -g $(WARN) -pthread -static $(filter %.cpp,$^) -o $@

# Runs inits, and is itself what they run.
$(OUT)/init-conformance: $(wildcard tests/init/*.?pp)
	@mkdir -p $(@D)
	$(SAY) CXX $@
	$(Q)$(COMPILE) -std=c++20 -O1 -g $(WARN) -Itests -static $(filter %.cpp,$^) -o $@

# Preloaded into reeve, a disk that fails.
$(FAULT): tests/helper/fault_disk.cpp
	@mkdir -p $(@D)
	$(SAY) CXX $@
	$(Q)$(COMPILE) -std=c++20 -O1 -g $(WARN) -shared -fPIC $< -o $@

# What reads files and speaks to people is half of the program, and never hot.
ifeq ($(MODE),release)
$(OUT)/src/config/%.o $(OUT)/src/api/%.o $(OUT)/src/cli/%.o: CXXFLAGS += -Os
endif

# A sanitizer's optimizer takes minutes over the whole, but what runs between clone and exec has a small stack.
ifeq ($(MODE),asan)
$(OUT)/src/linux/%.o: CXXFLAGS += -O1
endif

# Nobody waits for these tests' own code, but for their compiler. The library comes first in the link, so that what is
# inline in its headers is what UBSan looks at.
WAITED_FOR := $(OUT)/tests/unit/%.o $(OUT)/tests/linux/%.o $(OUT)/tests/blackbox/%.o
$(WAITED_FOR): CXXFLAGS += -O0
ifeq ($(MODE),asan)
$(WAITED_FOR): CXXFLAGS += -fno-sanitize=undefined
LIB_FIRST := -Wl,--whole-archive $(LIB) -Wl,--no-whole-archive
endif

# Tests find both by these paths, or by REEVE_BEHAVE and REEVE_BINARY in the environment.
$(OUT)/tests/%.o: CPPFLAGS += -DREEVE_BEHAVE_PATH='"$(abspath $(BEHAVE))"' -DREEVE_BINARY_PATH='"$(abspath $(REEVE))"' \
                                -DREEVE_FAULT_PATH='"$(abspath $(FAULT))"' \
                                -DREEVE_TEST_DATA='"$(abspath tests/data)"'

define SUITE_RULES
$(1)_OBJ := $$(patsubst %.cpp,$(OUT)/%.o,$$(wildcard tests/$(1)/*.cpp))
$(OUT)/test-$(1): $$($(1)_OBJ) $(LIB) | $(BEHAVE) $(if $(filter blackbox,$(1)),$(REEVE) $(FAULT))
	$(SAY) LINK $$@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $(LIB_FIRST) $$($(1)_OBJ) $(LIB) $(LDLIBS) $(TESTLIBS) -o $$@
-include $$($(1)_OBJ:.o=.d)
endef
$(foreach suite,$(SUITES),$(eval $(call SUITE_RULES,$(suite))))

-include $(LIBOBJ:.o=.d) $(OUT)/src/main.d

# --- What people type. ---

.PHONY: help deps demo test init-conformance test-containers test-vm sim soak fuzz bench style lint tidy format sanitize tsan static coverage install uninstall clean test-kubectl deb test-systemd
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24
	@echo
	@echo '  V=1 shows the commands, MODE=release|debug|asan|tsan|coverage|fuzz picks a build, DESTDIR and PREFIX'
	@echo '  say where install puts things.'

build: build/reeve ## build build/reeve (also: make)

PACKAGES := g++ libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev libexpected-dev libtomlplusplus-dev \
            libuv1-dev libyaml-cpp-dev passt
KUBECTL ?= build/kubectl/usr/bin/kubectl
KUBECTL_PACKAGES := curl
INIT_PACKAGES := tini dumb-init catatonit# the others that init-conformance looks at
CONTAINER_PACKAGES := crun runc podman jq busybox-static musl debootstrap# what runs reeve as PID 1, and roots to run it in
VM_PACKAGES := qemu-system-x86 cpio busybox-static
LINT_PACKAGES := clang-format clang-tidy
FUZZ_PACKAGES := clang libclang-rt-14-dev

# What is large, comes from elsewhere and outlives `make clean`: a kernel, a Debian.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/reeve

# Installs what of the first argument is missing, and says so.
define INSTALL
@missing=$$(for each in $(1); do dpkg-query -W -f='$${Status}' $$each 2>/dev/null | grep -q 'ok installed' || echo $$each; done); \
if [ -n "$$missing" ]; then \
  echo "installing Debian packages:" $$missing; \
  if [ "$$(id -u)" = 0 ]; then as=; else as=sudo; fi; \
  $$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
fi
endef

deps: ## install the Debian packages that a build needs
	$(call INSTALL,$(PACKAGES))

demo: deps ## watch reeve gate, restart and probe real processes
	$(Q)$(MAKE) --no-print-directory build/reeve build/release/behave
	$(Q)etc/examples/demo/run build

test: deps ## build and run every test
	$(Q)$(MAKE) --no-print-directory $(foreach suite,$(SUITES),$(OUT)/test-$(suite))
	$(Q)tests/run $(OUT) $(SUITES)

test-kubectl: deps ## the real kubectl drives reeve: KUBECTL=… names it
	$(call INSTALL,$(KUBECTL_PACKAGES))
	$(Q)$(MAKE) --no-print-directory $(REEVE) $(BEHAVE) $(KUBECTL)
	$(Q)KUBECTL=$(KUBECTL) tests/kubectl/run $(OUT)

# Debian's, beside whatever other one is installed.
build/kubectl/usr/bin/kubectl:
	@mkdir -p build/kubectl
	$(SAY) GET kubernetes-client
	$(Q)cd build/kubectl && { apt-get download -qq kubernetes-client 2>/dev/null || \
	  { $$(test "$$(id -u)" = 0 || echo sudo) apt-get update -qq && apt-get download -qq kubernetes-client; }; } && \
	  dpkg-deb -x kubernetes-client_*.deb . && rm kubernetes-client_*.deb

# What init does what: reeve must do all of it, the others are there to compare. REEVE_INIT_ROUNDS=1000 for a long storm.
init-conformance: deps ## every behaviour of a container's PID 1, of reeve init and of tini, dumb-init, catatonit
	$(call INSTALL,$(INIT_PACKAGES))
	$(Q)$(MAKE) --no-print-directory $(REEVE) build/static/reeve $(OUT)/init-conformance
	$(Q)$(OUT)/init-conformance reeve=$(abspath $(REEVE)) static=$(abspath build/static/reeve) \
	  $(foreach each,$(INIT_PACKAGES),$(each)=/usr/bin/$(each))

test-containers: deps ## reeve as PID 1 under crun, runc and podman, and in roots that lack things
	$(call INSTALL,$(CONTAINER_PACKAGES))
	$(Q)$(MAKE) --no-print-directory MODE=release build/static/reeve build/release/behave
	$(Q)tests/containers/roots build/static/reeve build/release/behave $(CACHE); roots=$$?; \
	  tests/containers/run build/static/reeve build/release/behave && exit $$roots

test-vm: deps ## boots a machine in QEMU whose first process is reeve
	$(call INSTALL,$(VM_PACKAGES))
	$(Q)$(MAKE) --no-print-directory MODE=release build/static/reeve build/release/behave
	$(Q)tests/vm/run build/static/reeve build/release/behave $(CACHE)

sim: deps ## long simulation: SEEDS=1000, or exactly one with SEED=…
	$(Q)$(MAKE) --no-print-directory $(OUT)/test-sim
	$(Q)$(if $(SEED),REEVE_SEED=$(SEED) REEVE_TRACE=1) REEVE_SEEDS=$(or $(SEEDS),1000) $(OUT)/test-sim --log_level=message

sanitize: deps ## the tests under AddressSanitizer and UBSan
	$(Q)REEVE_SEEDS=$(or $(REEVE_SEEDS),5) REEVE_VIRTUAL_SECONDS=$(or $(REEVE_VIRTUAL_SECONDS),4000) \
	  $(MAKE) --no-print-directory MODE=asan test

tsan: deps ## the tests of threads under ThreadSanitizer
	$(Q)$(MAKE) --no-print-directory MODE=tsan build/tsan/test-proxy
	$(Q)tests/run build/tsan proxy

static: deps ## one static binary: build/static/reeve
	$(Q)$(MAKE) --no-print-directory MODE=release build/static/reeve
	$(Q)strip -o build/static/reeve-stripped build/static/reeve && ls -l build/static/reeve-stripped

# libuv can look up a user's home directory, which nobody asks it for: the C library's way there would load plug-ins.
# Whoever adds something else that does must hear of it.
build/static/reeve: build/release/src/main.o build/release/libreeve.a
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) -static -Wl,--wrap=getpwuid_r,--defsym,__wrap_getpwuid_r=abort -Wl,--fatal-warnings $^ $(LDLIBS) -o $@

bench: deps ## measure memory, starts, restarts, idle cost beside a bare fork+exec loop, and proxied connections
	$(Q)$(MAKE) --no-print-directory build/release/reeve build/release/bench build/release/behave
	$(Q)build/release/bench

build/release/bench: $(patsubst %.cpp,build/release/%.o,$(wildcard tests/bench/*.cpp)) build/release/libreeve.a
	$(SAY) LINK $@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

FUZZERS := $(patsubst tests/fuzz/%.cpp,%,$(wildcard tests/fuzz/*_fuzz.cpp))
FUZZ_SECONDS ?= 60
soak: deps ## a hundred updates under load, and 3,000 kills of reeve: SOAK=1 times
	$(Q)$(MAKE) --no-print-directory $(OUT)/test-blackbox
	$(Q)REEVE_SOAK=$(or $(SOAK),1) REEVE_KILLS=$$((3000 * $(or $(SOAK),1))) \
	  $(OUT)/test-blackbox --run_test=nothing_lost,state_kill --log_level=message

fuzz: deps ## every fuzzer for FUZZ_SECONDS (60), starting from its corpus
	$(call INSTALL,$(FUZZ_PACKAGES))
	$(Q)$(MAKE) --no-print-directory MODE=fuzz $(FUZZERS:%=build/fuzz/%)
	$(Q)set -e; for each in $(FUZZERS); do \
	  echo "  FUZZ    $$each"; \
	  mkdir -p build/fuzz/corpus-$$each; \
	  build/fuzz/$$each -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 -verbosity=0 -artifact_prefix=build/fuzz/ \
	    build/fuzz/corpus-$$each $$(ls -d tests/fuzz/corpus/$${each%_fuzz} tests/fuzz/corpus/$$(echo $${each%_fuzz} | sed 's/^config_//') 2>/dev/null); \
	done

build/fuzz/%_fuzz: build/fuzz/tests/fuzz/%_fuzz.o build/fuzz/libreeve.a
	$(SAY) LINK $@
	$(Q)$(CXX) $(CXXFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

SOURCES := $(shell find include src tests etc -name '*.?pp' 2>/dev/null)
HEADERS := $(filter %.hpp,$(SOURCES))

format: ## lay out the sources
	$(call INSTALL,$(LINT_PACKAGES))
	$(Q)clang-format -i $(SOURCES)

style: deps ## rooms, function length, layout, headers that stand alone
	$(call INSTALL,$(LINT_PACKAGES))
	$(Q).ci/lint-rooms
	$(Q).ci/lint-functions
	$(Q)clang-format --dry-run -Werror $(SOURCES)
	$(Q)printf '%s\n' $(filter include/%,$(HEADERS)) | sed 's,^include/\(.*\),#include <\1>,' | \
	  xargs -P2 -d '\n' -n1 sh -c 'echo "$$0" | $(COMPILE) $(filter-out -MMD -MP,$(CPPFLAGS)) -std=c++20 $(WARN) -fsyntax-only -xc++ -'

lint: style ## style, and clang-tidy over every source
	$(Q)$(MAKE) --no-print-directory tidy

tidy: $(patsubst %.cpp,build/tidy/%.ok,$(filter src/%.cpp,$(SOURCES)))

build/tidy/%.ok: %.cpp .clang-tidy $(HEADERS)
	@mkdir -p $(@D)
	$(SAY) TIDY $<
	$(Q)clang-tidy --quiet $< -- $(filter-out -MMD -MP,$(CPPFLAGS)) -std=c++20 2>/dev/null
	$(Q)touch $@

coverage: deps ## line coverage of src and include by the tests
	$(Q)$(MAKE) --no-print-directory MODE=coverage test
	$(Q)gcov -r -s $(CURDIR) -o build/coverage/src/core build/coverage/src/core/*.o 2>/dev/null | grep -A1 "File 'src" | sed '/^--/d' ; rm -f *.gcov

# What of the program goes where: a package takes the static one.
INSTALLED ?= build/reeve
UNITS := $(DESTDIR)$(PREFIX)/lib/systemd/system
INSTANCE := -e 's,^Description=reeve,& %i,' -e 's,/etc/reeve/\*,/etc/reeve/%i/*,' -e 's,-f /etc/reeve ,-f /etc/reeve/%i ,' \
            -e 's,^\(State\|Runtime\)Directory=reeve,&-%i,'

install: ## install the program, its units, man pages and example configuration
	install -D -m 755 $(INSTALLED) $(DESTDIR)$(PREFIX)/bin/reeve
	install -d $(UNITS) $(DESTDIR)$(PREFIX)/lib/sysusers.d $(DESTDIR)$(PREFIX)/lib/tmpfiles.d $(DESTDIR)/etc/reeve
	sed 's,@PREFIX@,$(PREFIX),g' systemd/reeve.service > $(UNITS)/reeve.service
	sed -e 's,@PREFIX@,$(PREFIX),g' $(INSTANCE) systemd/reeve.service > $(UNITS)/reeve@.service
	chmod 644 $(UNITS)/reeve.service $(UNITS)/reeve@.service
	install -m 644 systemd/sysusers.d/reeve.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/reeve.conf
	install -m 644 systemd/tmpfiles.d/reeve.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/reeve.conf
	[ -e $(DESTDIR)/etc/default/reeve ] || install -D -m 644 systemd/default $(DESTDIR)/etc/default/reeve
	install -d $(DESTDIR)$(PREFIX)/share/doc/reeve/examples $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/systemd.md $(DESTDIR)$(PREFIX)/share/doc/reeve/systemd.md
	install -m 644 etc/reeve.toml systemd/reeve.socket $(wildcard etc/examples/*.toml) etc/examples/Dockerfile $(DESTDIR)$(PREFIX)/share/doc/reeve/examples
	docs/man/generate $(INSTALLED) build/man
	install -m 644 build/man/reeve.1 $(DESTDIR)$(PREFIX)/share/man/man1/reeve.1
	install -m 644 build/man/reeve.toml.5 $(DESTDIR)$(PREFIX)/share/man/man5/reeve.toml.5

uninstall: ## remove what install put there, but no configuration
	rm -f $(DESTDIR)$(PREFIX)/bin/reeve $(UNITS)/reeve.service $(UNITS)/reeve@.service
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/reeve.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/reeve.conf
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/reeve.1 $(DESTDIR)$(PREFIX)/share/man/man5/reeve.toml.5
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/reeve

DEB_VERSION := $(or $(VERSION),0.1.0~dev)
DEB         := build/reeve_$(DEB_VERSION)_$(shell dpkg --print-architecture 2>/dev/null).deb
DEB_BINARY  ?= build/static/reeve-stripped

deb: deps ## a Debian package of the static binary: build/reeve_VERSION_ARCH.deb
	$(Q)$(if $(filter build/static/%,$(DEB_BINARY)),$(MAKE) --no-print-directory static)
	$(SAY) DEB $(DEB)
	$(Q)rm -rf build/deb
	$(Q)$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/build/deb PREFIX=/usr INSTALLED=$(DEB_BINARY) >/dev/null
	$(Q)systemd/deb/build build/deb $(DEB_VERSION) $(DEB)

SYSTEMD_PACKAGES := debootstrap systemd-container

test-systemd: deps ## the package in a small Debian under systemd, booted in a container of its own
	$(call INSTALL,$(SYSTEMD_PACKAGES))
	$(Q)$(MAKE) --no-print-directory deb $(BEHAVE)
	$(Q)tests/systemd/run $(DEB) $(BEHAVE)

clean: ## remove all that was built
	rm -rf build
