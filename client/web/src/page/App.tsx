import { useEffect, useState } from "react";
import { WEBSOCKET_URL } from "../config/websocket.ts";
import { Chat } from "./Chat.tsx";
import { ConnectionState } from "./ConnectionState.tsx";
import { Developer } from "./Developer.tsx";
import { Settings, type Address } from "./Settings.tsx";
import { Stack } from "./Stack.tsx";
import { readState } from "./stackApi.ts";
import { useClient } from "./useClient.ts";

const URL_NAME = "selador.url";
type Tab = "chat" | "stack";

/** The page, once it is known which address it talks to. */
export function App() {
  const [address, setAddress] = useState<string | undefined>(localStorage.getItem(URL_NAME) ?? undefined);
  const [stackUrl, setStackUrl] = useState<string>();

  useEffect(() => {
    const asking = new AbortController();
    readState(asking.signal)
      .then(({ url }) => {
        setStackUrl(url);
        setAddress((chosen) => chosen ?? url);
      })
      .catch(() => {
        // No laptop stack serves this page, so the page has no tab for it.
        if (!asking.signal.aborted) setAddress((chosen) => chosen ?? WEBSOCKET_URL);
      });
    return () => asking.abort();
  }, []);

  const ownUrl = stackUrl ?? WEBSOCKET_URL;
  return address === undefined ? null : (
    <Page
      url={address}
      ownUrl={ownUrl}
      hasStack={stackUrl !== undefined}
      onUrl={(url) => {
        if (url === ownUrl) localStorage.removeItem(URL_NAME);
        else localStorage.setItem(URL_NAME, url);
        setAddress(url);
      }}
    />
  );
}

interface Props {
  readonly url: string;
  /** The address that the page has without a choice of its user. */
  readonly ownUrl: string;
  readonly hasStack: boolean;
  onUrl(url: string): void;
}

function Page({ url, ownUrl, hasStack, onUrl }: Props) {
  const [token, setToken] = useState("");
  const [tab, setTab] = useState<Tab>(() => (location.hash === "#stack" && hasStack ? "stack" : "chat"));
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
        {hasStack && (
          <nav aria-label="Views">
            {(["chat", "stack"] as const).map((name) => (
              <a
                key={name}
                href={`#${name}`}
                aria-current={tab === name ? "page" : undefined}
                onClick={() => setTab(name)}
              >
                {name === "chat" ? "Chat" : "Stack"}
              </a>
            ))}
          </nav>
        )}
        <ConnectionState connection={conversation.snapshot.connection} onRetry={() => conversation.client.connect()} />
        <button type="button" className="quiet" aria-pressed={hasFrames} onClick={() => setHasFrames(!hasFrames)}>
          Frames
        </button>
        <button type="button" className="quiet" onClick={() => setIsSettingUp(true)}>
          Settings
        </button>
      </header>
      {tab === "chat" ? <Chat {...conversation} onSettings={() => setIsSettingUp(true)} /> : <Stack />}
      {hasFrames && <Developer {...conversation} />}
      {isSettingUp && <Settings address={{ url, token }} ownUrl={ownUrl} onChoose={choose} onLeave={() => setIsSettingUp(false)} />}
    </div>
  );
}
