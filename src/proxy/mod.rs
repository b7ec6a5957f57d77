//! In the middle between a client and a server: every frame of both legs is seen, and may be changed on its way.
