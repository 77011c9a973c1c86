#pragma once
// What a chunk of bytes tells about the conversation it belongs to. It is looked at, not parsed: a wrong guess makes a
// drain longer, or ends a connection whose next request was not passed on.

#include <string_view>

namespace reeve::proxy {

// The client's first bytes: HTTP/2, SSH, or TLS that offers HTTP/2 (ALPN). Both sides speak whenever they like.
bool opens_full_duplex(std::string_view first);

// The server's 101 (a WebSocket, for instance): full duplex from here on.
bool switches_protocols(std::string_view said);

// The server's other 1xx alone (100 Continue): its answer is still to come.
bool is_interim_answer(std::string_view said);

// Nothing but HTTP/2 frames that ask for no work: PRIORITY, SETTINGS, PING, WINDOW_UPDATE.
bool is_http2_control(std::string_view said);

}  // namespace reeve::proxy
