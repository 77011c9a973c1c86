#include "proxy/session.hpp"

#include "proxy/service.hpp"

#include <utility>

namespace reeve::proxy {

Session::Session(RelayLoop& shared, Service& service, linux::UniqueFd client, linux::UniqueFd server) noexcept
    : Relay(shared, std::move(client), std::move(server)), service_(service) {}

void Session::on_connected() { service_.on_connected(*this); }
void Session::on_connect_failed(int error) { service_.on_connect_failed(*this, error); }
void Session::on_client_bytes(std::size_t count) { service_.tally().client_bytes.add(count); }
void Session::on_server_bytes(std::size_t count) { service_.tally().server_bytes.add(count); }
void Session::on_ended(RelayEnd how) { service_.on_ended(*this, how); }
void Session::on_stir() { service_.end_if_quiet(*this); }
bool Session::on_server_lost(int error) { return service_.on_server_lost(*this, error); }

}  // namespace reeve::proxy
