import { createMongoTokenBudget, hasModel, openLanguageModel } from '@orrery/language-model';
import { mainBackendDatabaseName } from '@orrery/main-backend';
import { defineService, openUserData } from '@orrery/service-kit';
import { createChatMetrics } from './chat-metrics.ts';
import { createMainUsers } from './clients/main-users.ts';
import { createUserContext } from './clients/user-context.ts';
import { ChatConfig } from './config.ts';
import { onNews } from './events/on-news.ts';
import { HOLDINGS } from './holdings.ts';
import { conversationRoutes } from './http/compat/reho/conversations.ts';
import { messageRoutes } from './http/create-message.ts';
import { listMessages } from './http/list-messages.ts';
import { socketAddress } from './http/socket-address.ts';
import { followPushes } from './sockets/follow-pushes.ts';
import { createSocketHub } from './sockets/socket-hub.ts';
import { openActStore } from './store/act-store.ts';
import { createConversationStore } from './store/conversation-store.ts';
import { NO_MESSAGE_LIMIT, openMessageLimit } from './store/message-limit.ts';
import { openPushStore } from './store/push-store.ts';
import { openRehoDatabase } from './store/reho-database.ts';
import { openSummaryStore } from './store/summary-store.ts';
import { createTurnRegistry } from './turns/turn-registry.ts';
import { createAnswerQuestion } from './use-cases/answer-question.ts';
import { createCarryOutAct } from './use-cases/carry-out-act.ts';
import { createHandleMessage } from './use-cases/handle-message.ts';
import { createNameConversation } from './use-cases/name-conversation.ts';
import { createSummariseConversation } from './use-cases/summarise-conversation.ts';

const KEEP_TURNS_MS = 60_000;
const DRAIN_TURNS_MS = 8_000;

/** Conversations, and the assistant that answers in them. */
export const chat = defineService({
  name: 'chat',
  config: ChatConfig,
  calls: ['insights', 'categorization', 'ingestion', 'missions', 'segmentation', 'advisor'],
  async create({ config, mongo, logger, clock, metrics, client, serviceTokenKeys, tracing }) {
    const main = config.DATABASE_URL;
    const reho = openRehoDatabase(
      mongo,
      main === undefined ? undefined : { uri: main, name: mainBackendDatabaseName(config) },
    );
    const conversations = createConversationStore(reho.db);
    const acts = await openActStore(mongo);
    const summaries = await openSummaryStore(mongo);
    const pushes = await openPushStore(mongo);
    const limit = config.RATE_LIMIT
      ? await openMessageLimit(mongo, config.RATE_LIMIT_CHAT)
      : NO_MESSAGE_LIMIT;
    const chatMetrics = createChatMetrics(metrics, () => hub.openSockets());
    const languageModel = hasModel(config)
      ? openLanguageModel({
          settings: config,
          model: config.MODEL_CHAT,
          budget: await createMongoTokenBudget(mongo, {
            perUser: config.MODEL_TOKENS_PER_USER,
            inAll: config.MODEL_TOKENS_PER_DAY,
          }),
          metrics,
          tracing,
        })
      : undefined;
    const nameOf = createMainUsers(main === undefined ? undefined : reho.db, logger);
    const turns = createTurnRegistry({
      keepMs: KEEP_TURNS_MS,
      onFault: (error) => {
        logger.error({ err: error }, 'a turn failed');
      },
    });
    const messages = createHandleMessage({
      conversations,
      turns,
      limit,
      answer: createAnswerQuestion({
        model: languageModel === undefined ? undefined : { client: languageModel, name: config.MODEL_CHAT },
        conversations,
        summaries,
        acts,
        carryOut: createCarryOutAct(client),
        userContext: createUserContext({ client, clock, defaultCurrency: config.DEFAULT_CURRENCY }),
        nameOf,
        client,
        metrics: chatMetrics,
        logger,
      }),
      nameConversation: createNameConversation(languageModel),
      summarise: createSummariseConversation({ model: languageModel, conversations, summaries }),
      metrics: chatMetrics,
      logger,
    });
    const hub = createSocketHub({
      conversations,
      turns,
      messages,
      nameOf,
      resumeMs: config.CHAT_RESUME_MS,
      logger,
      keys: serviceTokenKeys,
      defaultDialect: config.CHAT_DIALECT,
      heartbeatMs: config.CHAT_HEARTBEAT_MS,
    });
    const news = followPushes({
      pushes,
      hasSockets: () => hub.openSockets() > 0,
      deliver: (push) => {
        hub.push(push);
      },
      pollMs: config.CHAT_PUSH_POLL_MS,
      logger,
    });
    const userData = await openUserData({
      service: 'chat',
      mongo,
      holdings: HOLDINGS,
      alsoErase: (userId) => conversations.erase(userId),
      alsoExport: {
        conversations: (userId) => conversations.allConversations(userId),
        chat_history: (userId) => conversations.allMessages(userId),
      },
    });
    return {
      routes: [
        ...conversationRoutes({
          conversations,
          forget: async (userId, conversationId) => {
            await Promise.all([acts.drop(userId, conversationId), summaries.drop(userId, conversationId)]);
          },
        }),
        listMessages(conversations),
        ...messageRoutes({ conversations, turns, messages, resumeMs: config.CHAT_RESUME_MS }),
        socketAddress(),
        userData.route,
      ],
      subscriptions: [...userData.guarded(onNews(pushes)), userData.onErasureRequested],
      onUpgrade: hub.onUpgrade,
      async drain() {
        await hub.drain();
        await turns.drain(DRAIN_TURNS_MS);
      },
      async stop() {
        await news.stop();
        turns.stop();
        languageModel?.stop();
        await reho.close();
      },
    };
  },
});
