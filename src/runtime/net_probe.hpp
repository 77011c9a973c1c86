#pragma once
// Probes that open a connection: tcpSocket, and httpGet over it (pkg/probe/tcp/tcp.go, pkg/probe/http/http.go).

#include "runtime/probe_run.hpp"

#include <reeve/linux/fd.hpp>
#include <reeve/linux/network.hpp>
#include <reeve/linux/socket_address.hpp>
#include <reeve/proxy/uv.hpp>
#include <reeve/runtime/http_exchange.hpp>

#include <memory>
#include <string>
#include <vector>

namespace reeve::runtime {

// Finding a host's address, connecting, then whatever the probe does with the connection.
class NetProbe : public ProbeRun {
 public:
  // Connects from that network; null: from ours. Names are those of /etc/hosts.
  NetProbe(uv_loop_t& loop, std::shared_ptr<const linux::Network> network, Finish finish)
      : loop_(loop), network_(std::move(network)), finish_(std::move(finish)) {}

  void connect(const std::string& host, std::int32_t port);
  void abort() override;

 protected:
  virtual void connected() = 0;
  virtual void readable() {}
  virtual void timed_out() = 0;
  // "dial tcp 127.0.0.1:80: connect: connection refused", wrapped by HTTP into what it was asked for.
  virtual std::string failure_text(const std::string& cause) const = 0;

  void fail(const std::string& cause) { finish({ProbeResult::failure, failure_text(cause)}); }
  void finish(ProbeOutcome outcome);
  void disconnect();
  void watch(int events);

  linux::UniqueFd socket_;
  std::string peer_;
  bool is_connected_ = false;

 private:
  void connect_to(const linux::SocketAddress& address);
  void on_event();

  uv_loop_t& loop_;
  std::shared_ptr<const linux::Network> network_;
  Finish finish_;
  proxy::UvHandle<uv_poll_t> poll_;
};

class TcpProbe final : public NetProbe {
 public:
  using NetProbe::NetProbe;

 private:
  void connected() override;
  void timed_out() override;
  std::string failure_text(const std::string& cause) const override { return cause; }
};

class HttpProbe final : public NetProbe {
 public:
  HttpProbe(uv_loop_t& loop, std::shared_ptr<const linux::Network> network, Finish finish, HttpTarget target,
            std::vector<NameValue> headers, HttpAsker asker = HttpAsker::probe);
  void start();

 private:
  static constexpr int hops_max = 10;

  void connected() override;
  void readable() override;
  void timed_out() override;
  std::string failure_text(const std::string& cause) const override;
  void send();
  void answered();
  void broken(const std::string& cause);

  HttpTarget first_;
  HttpTarget target_;
  std::vector<NameValue> headers_;
  HttpAsker asker_;
  HttpReply reply_;
  std::string unsent_;
  bool got_bytes_ = false;
  int hops_ = 0;
};

}  // namespace reeve::runtime
