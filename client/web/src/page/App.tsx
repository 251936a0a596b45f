import { useEffect, useState } from "react";
import { WEBSOCKET_URL } from "../config/websocket.ts";
import { Chat } from "./Chat.tsx";
import { ConnectionState } from "./ConnectionState.tsx";
import { Developer } from "./Developer.tsx";
import { Settings, type Address } from "./Settings.tsx";
import { readState } from "./stackApi.ts";
import { useClient } from "./useClient.ts";

const URL_NAME = "selador.url";

/** The page, once it is known which address it talks to. */
export function App() {
  const [address, setAddress] = useState<string | undefined>(localStorage.getItem(URL_NAME) ?? undefined);

  useEffect(() => {
    const asking = new AbortController();
    readState(asking.signal)
      .then(({ url }) => setAddress((chosen) => chosen ?? url))
      .catch(() => {
        // No laptop stack serves this page.
        if (!asking.signal.aborted) setAddress((chosen) => chosen ?? WEBSOCKET_URL);
      });
    return () => asking.abort();
  }, []);

  return address === undefined ? null : (
    <Page
      url={address}
      onUrl={(url) => {
        localStorage.setItem(URL_NAME, url);
        setAddress(url);
      }}
    />
  );
}

function Page({ url, onUrl }: { url: string; onUrl: (url: string) => void }) {
  const [token, setToken] = useState("");
  const [isSettingUp, setIsSettingUp] = useState(false);
  const [hasFrames, setHasFrames] = useState(false);
  const conversation = useClient(url, token);

  const choose = (chosen: Address) => {
    setIsSettingUp(false);
    setToken(chosen.token);
    if (chosen.url !== url) onUrl(chosen.url);
    else if (chosen.token === token) conversation.client.use({ url, token: token || undefined });
  };

  return (
    <div className={hasFrames ? "app with-frames" : "app"}>
      <header className="bar">
        <h1>Selador</h1>
        <ConnectionState connection={conversation.snapshot.connection} onRetry={() => conversation.client.connect()} />
        <button type="button" className="quiet" aria-pressed={hasFrames} onClick={() => setHasFrames(!hasFrames)}>
          Frames
        </button>
        <button type="button" className="quiet" onClick={() => setIsSettingUp(true)}>
          Settings
        </button>
      </header>
      <Chat {...conversation} onSettings={() => setIsSettingUp(true)} />
      {hasFrames && <Developer {...conversation} />}
      {isSettingUp && <Settings address={{ url, token }} onChoose={choose} onLeave={() => setIsSettingUp(false)} />}
    </div>
  );
}
